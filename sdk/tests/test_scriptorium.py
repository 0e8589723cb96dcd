import subprocess
import sys

OURS = ["shared", "prompts", "documents", "llm_gateway", "workflows", "web", "local_stack", "simulator"]


def test_importing_the_sdk_imports_nothing_else_of_ours() -> None:
    program = f"import sys, scriptorium; print([name for name in {OURS} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_sdk_says_its_version() -> None:
    program = "import scriptorium; print(scriptorium.__version__)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.count(".") == 2
