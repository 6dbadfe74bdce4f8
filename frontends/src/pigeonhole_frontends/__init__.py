"""The user app, the admin app and the command line."""
