"""Wishes of four newcomers, tried one after the other: two lists of a hundred.

    python tools/newcomers/run.py                        # the first list, some minutes; prints those that are not fulfilled
    python tools/newcomers/run.py second                 # the second one
    python tools/newcomers/run.py second network E05     # a newcomer, a wish

Run it in a new environment with the wheel, `wengert[notebooks]`, pandas, safetensors, matplotlib and, without their dependencies,
optax and equinox. Findings are in docs/campaigns/newcomers.md.
"""

import sys
import traceback
from pathlib import Path

ROLES = ("student", "fits", "service", "network")


def main():
    asked = sys.argv[1:]
    folder = Path(__file__).parent / ("second" if "second" in asked else "")
    sys.path.insert(0, str(folder))
    roles, names = [a for a in asked if a in ROLES], [a for a in asked if a not in (*ROLES, "second")]
    for role in roles or ROLES:
        wishes, good = __import__(role).WISHES, 0
        wishes = {name: wish for name, wish in wishes.items() if not names or name in names}
        for name, wish in wishes.items():
            try:
                wish()
                good += 1
            except BaseException as error:
                where = [
                    f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)
                ]
                print(name, wish.__doc__, type(error).__name__, str(error)[:600], where[1:3], flush=True)
        print(f"{role}: {good} of {len(wishes)}", flush=True)


if __name__ == "__main__":
    main()
