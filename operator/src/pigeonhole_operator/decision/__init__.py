"""The operator's mind: pure functions from what is observed to what is to be done."""
