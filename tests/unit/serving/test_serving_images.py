"""What each model server's process needs, and so its image."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit
READING = ("cv2", "PIL", "pillow_heif", "pypdfium2", "tesserocr", "pytesseract", "py3langid", "simplemma", "stop_words")
SCORING = ("sklearn", "skops", "scipy")
ELSEWHERE = ("mlflow", "kfp", "streamlit", "sqlalchemy")
WITHOUT = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {forbidden!r}:
            raise ImportError(f"{{name}} is not in this image")

sys.meta_path.insert(0, Without())
{imports}
"""


@pytest.mark.parametrize(
    ("forbidden", "imports"),
    [
        ((*READING, "boto3", *ELSEWHERE), ("predictor_server", "model_server", "text_model")),
        ((*SCORING, *ELSEWHERE), ("transformer_server", "model_server", "document_model", "health", "router")),
    ],
    ids=["predictor", "transformer"],
)
def test_a_server_starts_without_the_libraries_of_the_other_image(
    forbidden: tuple[str, ...], imports: tuple[str, ...]
) -> None:
    lines = "\n".join(f"import pigeonhole_serving.{name}" for name in imports)
    code = WITHOUT.format(forbidden=forbidden, imports=lines)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
