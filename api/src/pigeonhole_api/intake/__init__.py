"""Files from the moment they arrive until they are kept."""
