"""Write the documents' pictures: `projen pictures`, or the named ones: `python -m docs.images failure`."""

import sys

from docs.images.pictures import PICTURES

if __name__ == "__main__":
    for name in sys.argv[1:] or PICTURES:
        path, picture = PICTURES[name]
        path.write_text(picture(), encoding="utf-8")
