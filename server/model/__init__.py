"""The language model: what there is, how it gets here, and how it is asked."""
