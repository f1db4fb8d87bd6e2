"""How right the readings are: evaluation on labelled questions, computed in SQL."""
