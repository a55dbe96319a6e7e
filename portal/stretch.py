"""A long list on a page, of which a stretch is shown: whatever was stored, so much is read."""


class Stretch:
    """The newest of `rows`, which come newest first; or an older stretch, asked for by `?name=2`.

    Reads as a list, the newest first or, with `newest_last`, the other way round. `older` and
    `newer` are the queries of the links to its neighbours, "" where there is none.
    """

    def __init__(self, request, name, rows, size, newest_last=False):
        number = _number(request.GET.get(name, ""))
        found = _found(rows, number, size)
        if number > 1 and not found:
            number, found = 1, _found(rows, 1, size)
        self.rows = found[:size]
        if newest_last:
            self.rows.reverse()
        self.query = f"?{name}={number}" if number > 1 else ""
        self.older = _link(request, name, number + 1) if len(found) > size else ""
        self.newer = _link(request, name, number - 1) if number > 1 else ""

    def __iter__(self):
        return iter(self.rows)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


def _number(asked):
    is_one = asked.isascii() and asked.isdigit() and len(asked) < 6
    return max(int(asked), 1) if is_one else 1


def _found(rows, number, size):
    """The rows of a stretch, and one more if there is one."""
    return list(rows[(number - 1) * size : number * size + 1])


def _link(request, name, number):
    asked = request.GET.copy()
    asked[name] = number
    return f"?{asked.urlencode()}"
