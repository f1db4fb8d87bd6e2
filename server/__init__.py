"""Panelens: a question in plain Korean or English → filter → respondents → accuracy."""
