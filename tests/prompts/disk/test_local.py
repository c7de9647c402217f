import pytest

from workbench.errors import ProjectError
from workbench.prompts.disk import local
from workbench.prompts.disk.local import local_folder, one_at_a_time


def test_the_local_folder_ignores_itself(project):
    folder = local_folder(project.root)
    assert (folder / ".gitignore").read_text() == "*\n"
    (folder / ".gitignore").write_text("mine")
    assert (local_folder(project.root) / ".gitignore").read_text() == "mine"


def test_a_local_folder_that_is_a_link_out_of_the_project_is_refused(project, tmp_path):
    (project.root / ".workbench").symlink_to(tmp_path)
    with pytest.raises(ProjectError, match="leaves the project"):
        local_folder(project.root)
    assert not (tmp_path / ".gitignore").exists()


def test_a_file_in_place_of_the_local_folder_is_a_clear_error(project):
    project.write(".workbench", "x")
    with pytest.raises(ProjectError, match="cannot be made"):
        local_folder(project.root)


def test_the_ignore_file_is_never_written_through_a_link(project, tmp_path):
    (project.root / ".workbench").mkdir()
    ignore = project.root / ".workbench/.gitignore"
    ignore.symlink_to(tmp_path / "outside")
    with pytest.raises(ProjectError, match="symbolic link") as caught:
        local_folder(project.root)
    assert caught.value.place.path == str(ignore)
    ignore.unlink()
    ignore.symlink_to("inside")
    with pytest.raises(ProjectError, match="cannot be made"):
        local_folder(project.root)
    assert not (tmp_path / "outside").exists() and not ignore.exists()


def test_a_local_folder_that_is_a_link_to_itself_is_a_clear_error(project):
    (project.root / ".workbench").symlink_to(".workbench")
    with pytest.raises(ProjectError, match="cannot be made"):
        local_folder(project.root)


def test_workbenches_take_turns_and_one_that_hangs_is_told(project, monkeypatch):
    folder = local_folder(project.root)
    monkeypatch.setattr(local, "PATIENCE", 0.05)
    with one_at_a_time(folder, "turn.lock"):
        with (
            pytest.raises(ProjectError, match="another workbench holds this lock"),
            one_at_a_time(folder, "turn.lock"),
        ):
            pass
    with one_at_a_time(folder, "turn.lock"):
        pass


def test_a_lock_is_never_opened_through_a_link(project, tmp_path):
    folder = local_folder(project.root)
    (folder / "turn.lock").symlink_to(tmp_path / "outside")
    with pytest.raises(ProjectError, match="cannot be opened"), one_at_a_time(folder, "turn.lock"):
        pass
    assert not (tmp_path / "outside").exists()
