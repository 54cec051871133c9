"""Does a draw again from the published list, by the words of HOW.txt alone. Standard library only."""
import csv
import hashlib
import json
import math
import sys

folder = sys.argv[1]
with open(f"{folder}/draw.json", encoding="utf-8") as file:
    draw = json.load(file)
with open(f"{folder}/list.csv", "rb") as file:
    raw = file.read()


def sha(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


seed, rule = draw["seed"], draw["rule"]
lines = list(csv.DictReader(raw.decode("utf-8").splitlines()))
picks = {}
for agent in sorted({line["agent"] for line in lines}):
    own = [line for line in lines if line["agent"] == agent]
    frame = [line for line in own if not line["must"]]
    for line in own:
        if line["must"]:
            picks[line["key"]] = 1.0
    size = min(len(frame), max(rule["least"], math.ceil(len(own) * rule["share"] / 100 - 1e-9)))
    frame.sort(key=lambda line: ([line[column] for column in rule["strata"]], sha(f"{seed}|{line['key']}")))
    start = int(sha(f"{seed}|agent|{agent}")[:6], 16)
    for k in range(size):
        line = frame[(start + k * 16777216) * len(frame) // (size * 16777216)]
        picks[line["key"]] = size / len(frame)
print(json.dumps({"list_sha256": hashlib.sha256(raw).hexdigest(), "picks": picks}))
