#!/usr/bin/env python3
"""verify-record.py RUN-FOLDER [ALLOWED_SIGNERS]: checks a record of Surefoot without Surefoot."""
import hashlib, json, os, subprocess, sys, tempfile

folder, signers = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
wrong, anchored = [], []

def keygen(arguments, text):
    return subprocess.run(["ssh-keygen", "-Y", *arguments], input=text.encode(), capture_output=True)


def signed(what, text, armour, namespace, record):
    """Checks a signature; with a list, the key must be in it under a person's name."""
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "signature")
        with open(path, "w", encoding="ascii") as file:
            file.write(armour)
        if signers is None:
            good, who = keygen(["check-novalidate", "-n", namespace, "-s", path], text).returncode == 0, "somebody"
        else:
            found = keygen(["find-principals", "-s", path, "-f", signers], "").stdout.decode().split()
            people = [name for name in found if "@" in name and not set(name) & set("*?!")]
            who = people[0] if people else "nobody in the list"
            check = ["verify", "-n", namespace, "-s", path, "-f", signers, "-I", who]
            good = bool(people) and keygen(check, text).returncode == 0
    if good:
        anchored.append((record, who))
        print(f"{what}: {who} vouches for records 1 to {record}")
    else:
        wrong.append(f"{what}: no good signature ({who})")


heads, requests = ["0" * 64], {}
with open(os.path.join(folder, "journal.jsonl"), "rb") as journal:
    for number, line in enumerate(journal.read().split(b"\n")[:-1], 1):
        covered, _, named = line.rpartition(b',"sha256":"')
        digest = hashlib.sha256(covered).hexdigest()
        start, end = b'{"n":%d,' % number, b',"prev":"%s"' % heads[-1].encode()
        if named != digest.encode() + b'"}' or not covered.startswith(start) or not covered.endswith(end):
            sys.exit(f"record {number} is not what was written, or does not follow the one before it")
        heads.append(digest)
        event = json.loads(line)["event"]
        if event["type"] == "approval_requested":
            requests[json.loads(event["request"])["nonce"]] = event["request"]
        elif event["type"] == "approval_given":
            text = requests.get(event["nonce"], "{}")
            record, head = json.loads(text).get("record", -1), json.loads(text).get("head")
            if not 0 < record < number or heads[record] != head:
                sys.exit(f"record {number}: the records before it are not those that were signed")
            signed(f"agreement in record {number}", text, event["signature"], "surefoot-approval", record)
if os.path.exists(os.path.join(folder, "seals.jsonl")):
    for line in open(os.path.join(folder, "seals.jsonl"), encoding="utf-8"):
        sealed = json.loads(line)
        count, head = (json.loads(sealed["statement"])[key] for key in ("records", "head"))
        if not 0 < count < len(heads) or heads[count] != head:
            sys.exit(f"{count} records were sealed, and these are not they: cut off, or written anew")
        signed("seal", sealed["statement"], sealed["signature"], "surefoot-seal", count)
print(f"{len(heads) - 1} records, head {heads[-1]}")
print("anchored to record %d by %s" % max(anchored) if anchored and signers else "not anchored")
sys.exit("\n".join(wrong) or 0)
