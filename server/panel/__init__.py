"""The panel's data: its table, the files it is loaded from, and the demo panel."""
