-- What a panel says of itself: the year that ages are counted to, its catalogue, its origin.
--
-- One row. The panel's table is composed in; no parameters.

select reference_year, catalogue_version, synthetic
from {panel}
