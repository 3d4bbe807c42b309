"""Every sh block of docs/operations.md, in order, in one shell."""

import os
import re
import subprocess

from server import ROOT


def test_operations_page(clusters):
    cluster = clusters.make("docs")
    # keys.sh makes one key a day, and the cluster's are of today.
    keys = os.path.join(cluster.folder, "data", "mesteri_keys")
    for name in os.listdir(keys):
        if name[0] == "2":
            os.rename(os.path.join(keys, name), os.path.join(keys, "20250101" + name[8:]))
    database = cluster.database("mesteri")
    database.run("SELECT mesteri.instance_check()")
    database.run("CREATE INDEX dba_own ON mesteri.users (created_at)")

    page = open(os.path.join(ROOT, "docs", "operations.md")).read()
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.S | re.M)
    assert len(blocks) >= 12
    shell = os.path.join(clusters.folder, "page.sh")
    with open(shell, "w") as file:
        # Where the page makes folders is not the checkout.
        file.write(f"""set -euxo pipefail
mkdir -p {cluster.folder}/page/deploy
cd {cluster.folder}/page
for name in cluster keys; do
    printf '#!/bin/sh\\nexec {ROOT}/deploy/%s.sh "$@"\\n' $name > deploy/$name.sh
    chmod +x deploy/$name.sh
done
""")
        file.write("\n".join(blocks))
    done = subprocess.run(["bash", shell], env={**os.environ, "CLUSTER": cluster.folder}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-3000:]
    for said in ("this is not production", "these data belong to another database", "calls to the outside deleted",
                 "once its tokens have expired", "already installed"):
        assert said in done.stdout, said
    assert database.value("SELECT count(*) FROM json_array_elements(mesteri.jwks() -> 'keys')") == 1
    assert "dba_own" in open(os.path.join(cluster.folder, "page", "backup", "local.sql")).read()
