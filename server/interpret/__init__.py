"""question → filter: the language model, the names it is helped with, and what it understood."""
