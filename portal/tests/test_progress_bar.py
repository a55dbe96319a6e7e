import io

from portal.progress_bar import ProgressBar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(stream):
    progress = ProgressBar(stream, "Copied")
    for size in (1_000_000, 2_000_000):
        progress.step(size)
    progress.end()
    return stream.getvalue()


def test_a_terminal_shows_how_far_it_is_on_one_line():
    lines = shown(Terminal()).split("\r")
    assert lines[-1].strip() == "Copied: 2 files, 3 MB"
    assert shown(Terminal()).count("\n") == 1


def test_a_file_or_a_pipe_gets_nothing():
    assert shown(io.StringIO()) == ""
