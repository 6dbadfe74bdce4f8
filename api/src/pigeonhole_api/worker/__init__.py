"""The worker: takes documents and trainings from the database, and brings back their results."""
