"""How the model is made: generated questions, the cut vocabulary and the adapter."""
