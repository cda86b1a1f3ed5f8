from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from engine.sandbox.folders import DataFolderInUse, RunFolder, claimed


def test_a_run_folder_goes_with_its_block() -> None:
    with RunFolder() as folder:
        (folder.path / "file").touch()
    assert not folder.path.exists()


def test_folders_of_killed_runs_are_removed_by_the_next_and_others_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    short = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    monkeypatch.setenv("TMPDIR", str(short))
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os; from engine.sandbox.folders import RunFolder as F; F(); os._exit(9)",
        ],
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert killed.returncode == 9
    (left,) = short.glob("wallstreet-run-*")
    young, old = short / "wallstreet-run-young", short / "wallstreet-run-old"
    young.mkdir()
    old.mkdir()
    os.utime(old, (0, 0))
    with RunFolder() as first, RunFolder() as second:
        assert first.path.parent == short
        assert {first.path, second.path, young} == set(short.glob("wallstreet-run-*"))
        assert not left.exists()
    young.rmdir()
    short.rmdir()


def test_a_socket_fits_into_the_path_wherever_temporary_files_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/tmp/" + "long" * 25)  # noqa: S108 - only a name
    with RunFolder() as folder:
        assert len(str(folder.path / "socket" / ".s.PGSQL.5432.lock")) < 100


def test_a_data_folder_has_one_user_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    with claimed(folder), pytest.raises(DataFolderInUse, match="stop it or choose another"), claimed(folder):
        pass
    with claimed(folder) as again:
        assert again == folder
