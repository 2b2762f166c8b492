"""Which items of a command are program text, so that no input may stand in them."""

from __future__ import annotations

import shlex

import pytest

from pushbutton.domain.program_text import program_items
from pushbutton.domain.template import holes

READ = """
sh -c 'echo {n}'
sh -cx 'echo {n}'
sh -xc 'echo {n}'
/bin/bash -c -- 'echo {n}'
bash -c -x 'echo {n}'
bash -e -c 'echo {n}'
bash -o pipefail -c 'echo {n}'
bash -co pipefail 'echo {n}'
bash --rcfile x -c 'echo {n}'
bash +x -c {n}
bash --norc -ec {n}
ash -c 'echo {n}'
dash -c 'echo {n}'
busybox sh -c {n}
mksh -T x -c 'echo {n}'
ksh93 -c {n}
zsh -fc {n}
csh -c {n}
tcsh -fc {n}
fish -c 'echo {n}'
fish -C true -c 'echo {n}'
fish --command='echo {n}'
env sh -c {n}
env A=b bash -c {n}
env -S 'sh -c {n}'
sudo -u shop sh -c {n}
timeout 5 sh -c {n}
docker exec -it shop sh -c 'echo {n}'
xargs -n 1 sh -c {n}
su -c 'echo {n}'
su shop -c 'echo {n}'
su - shop -lc 'echo {n}'
su --command='echo {n}' shop
runuser -u shop -c {n}
script -qc {n} /dev/null
flock lock -c {n}
python -c 'print({n})'
python3.12 -u -c {n}
python -W ignore -c {n}
python -c'print({n})'
python -m {n}
perl -e 'print {n}'
perl -lne 'print {n}' file
perl -e 'print 1' -e {n}
perl -MStorable -e {n}
perl -MO=Deparse -i.bak -pe s/{n}/x/ file
perl -e{n}
ruby -e 'puts {n}'
ruby -rjson -ne {n}
node -e 'f({n})'
node -pe {n}
node --eval={n}
node -r ./x -e {n}
php -r {n}
lua -e {n}
Rscript -e {n}
erl -noshell -eval {n}
sed s/a/{n}/ file
sed -n -e p -e {n} file
sed -i.bak s/{n}/b/ file
awk '/{n}/' file
gawk -v a=b {n}
psql -U shop -c 'select {n}'
psql --command={n}
mysql -e {n} shop
ssh host 'ls {n}'
ssh host ls {n}
ssh -p 22 shop@host -- ls {n}
ssh -o ProxyCommand={n} host
ssh -t {n} ls {n}
watch ls {n}
sudo watch ls {n}
make deploy ENV={n}
rsync -e 'ssh {n}' a b
pwsh -Command ls {n}
""".strip().splitlines()

DATA = """
ls {n}
sh script.sh {n}
sh {n}
sh -e script.sh -c {n}
sh -c 'echo "$1"' name {n}
sh -c -- 'echo "$1"' name {n}
bash -o pipefail -c 'echo "$1"' name {n}
bash --norc script.sh -x {n}
fish -c 'echo $argv' {n}
env NAME={n} sh script.sh
env NAME={n} make deploy
sudo -u {n} ls
su {n}
su shop -c 'echo "$1"' -- sh {n}
python script.py {n}
python -u script.py -c {n}
python -c 'import sys' {n}
python -m mod --config {n}
python -Wignore -X dev script.py {n}
perl -ne print {n}
perl -MStorable -e print {n}
perl -i.bak -pe s/a/b/ {n}
ruby script.rb -e {n}
node app.js -e {n}
node --env-file=x app.js {n}
php script.php {n}
sed s/a/b/ {n}
sed -n -e p {n}
sed -i.bak -f x.sed {n}
awk -v a={n} '{{print a}}' {n}
awk -F {n} '{{print $2}}'
awk -f x.awk {n}
psql -d {n} -c 'select 1'
ssh {n}
ssh {n} uptime
ssh -p 22 shop@{n} uptime
echo watch {n}
npm run make {n}
apt-get install python3 {n}
systemctl restart node {n}
git commit -m {n}
pwsh script.ps1 {n}
""".strip().splitlines()


def found(line: str) -> list[str]:
    argv = shlex.split(line)
    return [argv[index] for index in program_items(argv, lambda item: bool(holes(item)))]


@pytest.mark.parametrize("line", READ)
def test_an_input_in_what_somebody_reads_as_a_program_is_seen(line: str):
    assert found(line)


@pytest.mark.parametrize("line", DATA)
def test_an_input_that_is_data_is_left_alone(line: str):
    assert found(line) == []


def test_only_the_items_that_are_read_are_named():
    assert found("ssh -t {host} ls {n}") == ["{n}"]
    assert found("sh -c 'echo {a}' {b} {c}") == ["echo {a}"]
