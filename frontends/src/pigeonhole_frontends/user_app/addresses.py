"""Where screens lead to: scripts as Streamlit names them, relative to the app's script, and a path for links."""

JOB_SCREEN = "screens/job.py"
JOBS_SCREEN = "screens/jobs.py"
REVIEW_SCREEN = "screens/review.py"
UPLOAD_SCREEN = "screens/upload.py"

REVIEW_PATH = "review"
"""The review in the address bar."""
