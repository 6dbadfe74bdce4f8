"""The scripts of the screens that other screens lead to, as Streamlit names them: relative to the app's script."""

CLASSES_SCREEN = "screens/classes.py"
CORRECTIONS_SCREEN = "screens/corrections.py"
TRAIN_SCREEN = "screens/train.py"
RUNS_SCREEN = "screens/runs.py"
