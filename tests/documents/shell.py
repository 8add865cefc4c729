"""From the text of a block of shell to the commands in it, as far as our documents write shell."""

import re
from collections.abc import Iterator

SHELLS = ("shell", "bash", "sh")
_SUBSTITUTION = r"\$\((?:[^()']|'[^']*')*\)"
_QUOTED = rf'"(?:[^"\\$]|{_SUBSTITUTION}|\$|\\.)*"'
_TOKEN = re.compile(
    rf"""
      (?P<space> [ \t]+ | \\\n | (?:(?<=\s)|\A)\#[^\n]* )
    | (?P<duplicated> \d?>&\d )
    | (?P<redirected> \d?(?:>>|>|<) )
    | (?P<end> \n | ;;? | &&? | \|\|? | [()] )
    | (?P<word> (?: [^\s'"\\;|&()<>$] | {_SUBSTITUTION} | \$ | \\. | '[^']*' | {_QUOTED} )+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_PIECE = re.compile(rf"'(?P<single>[^']*)'|(?P<double>{_QUOTED})|\\(?P<escaped>.)|(?P<plain>.)", re.DOTALL)
_HEREDOC = re.compile(r"<<-?[ \t]*(['\"]?)(\w+)\1([^\n]*\n)(?:.*?\n)??[ \t]*\2(?=\n|\Z)", re.DOTALL)
_BEFORE_A_COMMAND = {"do", "then", "else", "if", "while", "until", "!", "exec", "time", "sudo", "{"}
_NO_COMMAND = {"for", "case", "esac", "done", "fi", "}"}


def commands(text: str) -> Iterator[list[str]]:
    """Give each command's words, without quotes, assignments and redirections; those in `$(...)` too.

    Raises:
        ValueError: it is no shell, or more than we write.
    """
    words: list[str] = []
    is_a_file = False
    for kind, token in _tokens(_HEREDOC.sub(r"\3", text) + "\n"):
        if kind == "word":
            for inner in re.findall(_SUBSTITUTION, token):
                yield from commands(inner[2:-1])
            if not is_a_file:
                words.append(_unquoted(token))
            is_a_file = False
        elif kind == "redirected":
            is_a_file = True
        elif kind == "end":
            command = _command(words)
            if command:
                yield command
            words = []


def placeholders(text: str) -> list[str]:
    """Return what stands outside of quotes to be replaced, `<like this>`: a shell would read a file."""
    unquoted = re.sub(r"'[^']*'|\"[^\"]*\"|#.*", "", text)
    return re.findall(r"<[^<>\n]+>", unquoted)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if not token:
            raise ValueError(f"not understood: {text[position : position + 40]!r}")
        position = token.end()
        yield str(token.lastgroup), token[0]


def _command(words: list[str]) -> list[str]:
    """Leave out what stands before a command, and what is none."""
    while words and (words[0] in _BEFORE_A_COMMAND or re.match(r"\w+=", words[0])):
        words = words[1:]
    return [] if not words or words[0] in _NO_COMMAND else words


def _unquoted(word: str) -> str:
    def plain(piece: re.Match[str]) -> str:
        text = piece[piece.lastgroup or 0]
        return re.sub(r"\\([\\\"$`\n])", r"\1", text[1:-1]) if piece["double"] else text

    return _PIECE.sub(plain, word)
