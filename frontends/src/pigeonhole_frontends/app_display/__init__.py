"""HTML of both apps, made of escaped values; pure functions, so that each can be read and tested alone."""
