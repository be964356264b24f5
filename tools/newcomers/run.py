"""A hundred wishes of four newcomers, tried one after the other.

    python tools/newcomers/run.py                        # all of them, some minutes; prints those that are not fulfilled
    python tools/newcomers/run.py network service        # of these newcomers

Run it in a new environment with the wheel, `wengert[notebooks]`, pandas, safetensors, and, without their dependencies, optax and
equinox. Findings are in docs/campaigns/newcomers.md.
"""

import sys
import traceback
from pathlib import Path

ROLES = ("student", "fits", "service", "network")


def main():
    sys.path.insert(0, str(Path(__file__).parent))
    for role in sys.argv[1:] or ROLES:
        wishes, good = __import__(role).WISHES, 0
        for name, wish in wishes.items():
            try:
                wish()
                good += 1
            except BaseException as error:
                where = [
                    f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)
                ]
                print(name, wish.__doc__, type(error).__name__, str(error)[:300], where[1:3], flush=True)
        print(f"{role}: {good} of {len(wishes)}", flush=True)


if __name__ == "__main__":
    main()
