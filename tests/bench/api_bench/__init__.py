"""The bench of the platform API: uploads, claims, drains and fairness, and Procrastinate beside it."""
