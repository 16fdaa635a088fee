"""`toktui team join`, `agree` and `leave`: nothing is sent before the first, nothing stays after
the last."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, cast

import click

from toktui.cli.team_start import check_name, joined, keys_of, told_yes

if TYPE_CHECKING:
    from toktui.team.wire.messages import Appearance

_SHARES: Final = ["outcomes", "sketches"]


@click.command(
    epilog="""\b
Examples:
  toktui team join https://board.example.com ABCDE-FGHIJ-...
  toktui team join https://board.example.com ABCDE-... --as pseudonym --name "night owl"
  toktui team join URL CODE --as hidden --share sketches --yes   without questions"""
)
@click.argument("url")
@click.argument("code")
@click.option("--as", "appearance", type=click.Choice(["name", "pseudonym", "hidden"]),
              help="How you appear on the board.")  # fmt: skip
@click.option("--name", default="", help="The name or pseudonym to show.")
@click.option("--share", "shares", multiple=True, type=click.Choice(_SHARES),
              help="An optional part to send, too; may be given again.")  # fmt: skip
@click.option("--allow-http", is_flag=True, help="Plain http on this machine or private network.")
@click.option("--yes", is_flag=True, help="Agree without being asked.")
def join(
    *, url: str, code: str, appearance: str | None, name: str, shares: tuple[str, ...],
    allow_http: bool, yes: bool,
) -> None:  # fmt: skip
    """Join a team: shows first what is sent, and asks.

    URL is its server, CODE an invite, or what `toktui team link` gave on another device of yours.
    You see the server, the team, each field and who sees what; before you agree nothing is sent
    but the code.
    """
    from toktui.cli.output import note, write
    from toktui.cli.start import open_context
    from toktui.errors import UsageError
    from toktui.paths import prepare_data
    from toktui.team.http import checked_url
    from toktui.team.joining import join as enrol
    from toktui.team.joining import look
    from toktui.team.rounds import alone
    from toktui.team.state import load_state
    from toktui.team.team_file import open_team_file
    from toktui.text import clean

    context = open_context()
    data = context.paths.data
    address = checked_url(url, allow_http=allow_http)
    _check_name(appearance, name)
    if (known := load_state(data)) is not None:
        raise UsageError(
            f"This device is in the team {known.membership.team_name} already.",
            "`toktui team leave` leaves it.",
        )
    found = look(address, code, context.now_ms, keys_of(context))
    is_link = found.kind == "link"
    write(f"Team    {clean(found.name)}\nServer  {address}\n"
          f"Days    those of {clean(found.zone)}, up to {found.backfill_days} before today,"
          f" kept for {found.retention_days} days\n")  # fmt: skip
    write(_terms(consumption=found.consumption))
    asks = sys.stdin.isatty() and not yes
    if asks and not is_link and appearance is None:
        appearance, name = _ask_how()
    if asks and not shares:
        shares = _ask_shares()
    chosen = cast("Appearance", appearance or "hidden")
    write("\n" + _chosen(chosen, clean(name, 40), shares, is_link=is_link))
    if not yes and not told_yes("Type `agree` to join", "agree"):
        note("Nothing was sent; this device is in no team.")
        raise click.exceptions.Exit(1)
    prepare_data(context.paths)
    with alone(data, "toktui team join"), open_team_file(data, make=True) as file:
        if file.membership() is not None:
            raise UsageError("This device is in a team already.", "`toktui team leave` leaves it.")
        made = enrol(
            file, keys_of(context), url=address, code=code, shown=found, appearance=chosen,
            name=name, shares=tuple(sorted(set(shares))), allow_http=allow_http,
            now_ms=context.now_ms,
        )  # fmt: skip
    place = "in the system's keyring" if made.key_place == "keyring" else "a file for you alone"
    write(f"Joined {made.team_name} as {made.role}; this device's key is {place}.")
    write("`toktui team preview` shows what would be sent, `toktui team submit` sends it; while the"
          "\nscreens are open it goes by itself, and 9 shows the board.")  # fmt: skip


def _check_name(appearance: str | None, name: str) -> None:
    from toktui.errors import UsageError

    if name and appearance in (None, "hidden"):
        raise UsageError("--name goes with --as name or --as pseudonym.")
    if not name and appearance in ("name", "pseudonym"):
        raise UsageError(f"--as {appearance} needs a --name.", "Or --as hidden.")
    if name:
        check_name(name)


def _ask_how() -> tuple[str, str]:
    """How to appear, and under which name."""
    choice = click.Choice(["name", "pseudonym", "hidden"])
    how: str = click.prompt("\nAppear by", type=choice, default="hidden", err=True)
    if how == "hidden":
        return how, ""
    words = "The name to show" if how == "name" else "The pseudonym"
    return how, click.prompt(words, value_proc=_name_typed, err=True)


def _name_typed(text: str) -> str:
    """A name at the prompt, which comes again after one that cannot be shown."""
    from toktui.errors import UsageError

    try:
        check_name(text)
    except UsageError as error:
        raise click.UsageError(error.what) from error
    return text


def _ask_shares() -> tuple[str, ...]:
    """Which optional parts to send, too."""
    from toktui.team.wire.document import OPTIONAL

    return tuple(
        part for part, words in OPTIONAL.items()
        if click.confirm(f"Send {part}, too ({words})?", default=False, err=True)
    )  # fmt: skip


def _chosen(appearance: str, name: str, shares: tuple[str, ...], *, is_link: bool) -> str:
    """What was chosen, to be looked at once more."""
    how = {"name": f"by name, as {name}", "pseudonym": f"as {name}", "hidden": "hidden"}[appearance]
    who = f"You appear {how}."
    if is_link:
        who = "One more device of a member: it appears as the others do."
    parts = f"Sent, too: {', '.join(shares)}." if shares else "Of the optional parts none is sent."
    return f"{who} {parts}"


def _terms(*, consumption: bool | None) -> str:
    """What the user agrees to. `consumption` is None where no server was asked."""
    from toktui.team.wire.document import FIELDS, OPTIONAL

    fields = "\n".join(f"  {field:<22} {words}" for field, words in FIELDS)
    optional = "\n".join(f"  {field:<22} {words}" for field, words in OPTIONAL.items())
    page = {
        True: "This team has its page of consumption on: the tokens and list cost of those listed.",
        False: "The page of consumption (tokens and list cost of those listed) is off; its owner"
        " may switch it on.",
        None: "The page of consumption, where the owner has it on, has the tokens and list cost of"
        "\nthose listed.",
    }[consumption]
    return (
        f"Sent for each day:\n{fields}\n\nSent only if you say so:\n{optional}\n\n"
        "Never sent: prompts, answers, paths, projects, branches, hosts, hours.\n\n"
        "Who sees what: members see who chose a name or a pseudonym, with the measures of the"
        "\nboard; hidden members are only in sums and medians of five or more, and see their own."
        "\nA pseudonym does not hide you from who leads the team: they see when it joined, and know"
        "\nwhom they invited then. The owner sees the same board. Whoever runs the server can read"
        f"\nits database: choose who that is.\n{page}"
    )


@click.command(
    epilog="""\b
Examples:
  toktui team agree                    shows what is sent now, and asks
  toktui team agree --share outcomes   the same, and sends this part from now on
  toktui team agree --share none       sends no optional part any more"""
)
@click.option("--share", "shares", multiple=True, type=click.Choice([*_SHARES, "none"]),
              help="The optional parts to send from now on; without it as before.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Agree without being asked.")
def agree(*, shares: tuple[str, ...], yes: bool) -> None:
    """Agree to what is sent now, or to other optional parts.

    After an update that changed what is sent, nothing is sent until you do.
    """
    from toktui.cli.output import note, write
    from toktui.cli.start import open_context
    from toktui.errors import UsageError
    from toktui.team.wire.document import schema_hash

    context = open_context()
    if "none" in shares and len(shares) > 1:
        raise UsageError("--share none goes with no other part.")
    with joined(context) as (file, member):
        chosen = member.shares if not shares else tuple(sorted(set(shares) - {"none"}))
        write(f"Team    {member.team_name}\nServer  {member.url}\n\n{_terms(consumption=None)}\n")
        write(f"Sent, too: {', '.join(chosen) or 'nothing'}.")
        if not yes and not told_yes("Type `agree` to agree", "agree"):
            note("Nothing has changed.")
            raise click.exceptions.Exit(1)
        file.change(schema=schema_hash(), shares=chosen, consented_ms=context.now_ms())
        hold = file.hold()
        if hold is not None and hold.code == "consent":
            file.put_hold(None)
    write("Agreed.")


@click.command(
    epilog="""\b
Examples:
  toktui team export > mine.ndjson     keep what the server has, first
  toktui team leave
  toktui team leave --here             when the server is gone, or the key"""
)
@click.option("--here", is_flag=True, help="Forget the team on this device only; asks no server.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def leave(*, here: bool, yes: bool) -> None:
    """Delete all of you on the server, and verify it.

    Then this device forgets the team, too. Your other devices can send nothing any more.
    """
    from toktui.cli.output import write
    from toktui.cli.start import open_context
    from toktui.errors import ToktuiError
    from toktui.team.joining import forget_here
    from toktui.team.joining import leave as delete
    from toktui.team.rounds import alone
    from toktui.team.team_file import erase_team_file

    context = open_context()
    with joined(context) as (_, member):
        question = (
            f"Forget {member.team_name} on this device? What was sent stays on the server."
            if here
            else f"Leave {member.team_name}, and delete everything of you on the server?"
        )
        if not yes and not told_yes(question):
            raise click.exceptions.Exit(1)
    gone, data = "here", context.paths.data
    # Nobody joins between the forgetting and the end of the file.
    with alone(data, "toktui team leave"), joined(context) as (file, now):
        if now.device != member.device:
            raise ToktuiError(
                f"This device joined {now.team_name} meanwhile.", "Ask again to leave that."
            )
        if here:
            forget_here(file, keys_of(context), now)
        else:
            gone = delete(file, keys_of(context), now, context.now_ms)
        erase_team_file(data)
    if gone == "here":
        write("Forgotten here. What was sent stays on the server.")
    elif gone == "verified":
        write("Left. Verified: the server has nothing of you any more, and does not know this"
              " device.\nIts backups are the host's; ask how long they are kept.")  # fmt: skip
    elif gone == "unknown":
        write("Left. The server does not know this device any more: it deleted everything the last"
              "\ntime, and the answer was lost, or this device was revoked since. If it was, leave"
              "\nfrom another device of yours, too.")  # fmt: skip
    else:
        write("Left. The server said that everything is deleted; it could not be asked again.")
