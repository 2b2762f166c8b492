"""A Jenkinsfile that declares its pipeline: its steps do what they would have done there."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.imports import Source, move
from pushbutton.adapters.catalog.imports.groovy import COMPUTED, Hole, Text, read_groovy
from pushbutton.errors import ConfigError

from .pressing import TRICKY, World

BAKERY = r"""
// The bakery
library 'ours'
pipeline {
  agent { label 'bakery' }
  tools { jdk 'x' }
  options { timeout(time: 45, unit: 'MINUTES'); disableConcurrentBuilds(); skipDefaultCheckout() }
  triggers { cron('''H 4 * * 1-5
H 6 * * 6'''); pollSCM('H * * * *') }
  environment { WHERE = "hall ${params.OVEN} \$x"; KEY_FILE = credentials('oven-key'); NOW = sh(script: 'date') }
  parameters {
    string(name: 'OVEN', defaultValue: 'big "one"', description: 'Which', trim: true)
    choice(name: 'KIND', choices: ['rye', 'two words'], description: 'First one is the default')
    choice(name: 'LINES', choices: 'a\nb', description: "it's")
    booleanParam(name: 'DRY', defaultValue: true)
    text(name: 'NOTE', defaultValue: 'one\ntwo', description: '''Several
lines''')
    password(name: 'PIN', defaultValue: 'secret', description: 'Of the till')
    credentials(name: 'LOGIN', defaultValue: 'bakery-login', required: true)
    // string(name: 'OLD', defaultValue: 'gone')
    file(name: 'list.csv')
    string(name: 'camelCase', defaultValue: new Date().format('yyyy'))
    choice(name: 'SHOP', choices: shops())
    gitParameter(name: 'BRANCH')
  }
  stages {
    stage('Heat') {
      when { expression { params.KIND == 'rye' } }
      environment { HERE = 'only here' }
      steps {
        echo 'heating'
        sh "cd /; \$HOME/act heat ${params.OVEN} --note '${params.NOTE}' \"\$PIN\" \"\$HERE\""
        sh(script: './act again "$camelCase" "$WHERE"', label: 'x')
        git 'https://example.org/x.git'
      }
    }
    stage('Side') {
      when { not { branch 'main' } }
      steps { sh './act never' }
    }
    stage('Ask') { steps { input message: "Open ${params.OVEN} for ${env.BUILD_NUMBER}?", ok: 'Open' } }
    stage('Both') {
      parallel {
        stage('One') { when { expression { return !params.DRY } } steps { sh './act one ${KIND}' } }
        stage('Two') { steps { sh '''#!/bin/bash
          false; words=(a "b c")
          ./act two "${words[1]}" "$LOGIN" '''
          sh "python3 -c 'print(\"${params.OVEN}\")'"
          sh "./act ${env.BUILD_NUMBER}"
          sh '#!/usr/bin/env python3\nprint(1)'
          script { if (params.DRY) { sh './act x' } }
        } }
      }
      post { always { echo 'x' } }
    }
  }
  post { failure { mail to: 'x' } }
}
""".lstrip()


@pytest.fixture
def bakery(tmp_path: Path) -> World:
    return World(tmp_path).move("jenkins", BAKERY, "bakery/Jenkinsfile", "./act")


def test_parameters_are_taken_with_their_kinds_defaults_and_choices(bakery: World) -> None:
    (task,) = bakery.tasks.values()
    assert (task.slug, task.limits.timeout, task.limits.at_once) == ("bakery", 2700, 1)
    assert task.confirm == "Open {oven} for …?"
    assert [(one.name, str(one.type), one.default, one.required) for one in task.params] == [
        ("oven", "str", 'big "one"', False),
        ("kind", "choice", "rye", False),
        ("input_lines", "choice", "a", False),
        ("dry", "bool", True, False),
        ("note", "str", "one\ntwo", False),
        ("pin", "secret", None, False),
        ("list_csv", "file", None, False),
        ("camelcase", "str", None, False),
        ("shop", "str", None, False),
    ]
    assert [choice.value for choice in task.params[1].choices] == ["rye", "two words"]
    assert (task.params[2].help, task.params[4].help) == ("it's", "Several\nlines")
    assert task.named_secrets == {"bakery_login": "LOGIN", "oven_key": "KEY_FILE"}
    assert (
        "# schedule: H 4 * * 1-5  (only Jenkins knows when that is)\n  # schedule: H 6 * * 6  (only"
        in bakery.moved.text
    )
    assert task.cwd == str(bakery.folder / "bakery")


def test_what_is_not_taken_is_said_with_its_line(bakery: World) -> None:
    secret = "is a secret that Jenkins keeps; the steps find it in"
    python = "“oven” stands in the text of a program that python reads: a value would become a part of that program."
    assert bakery.left == [
        (2, "“library” is a part of a program in Groovy, and left out."),
        (5, "“tools” of the pipeline is not taken."),
        (6, "The option “skipDefaultCheckout” is not taken."),
        (7, "“Bakery” is not pressed by itself (H 4 * * 1-5): only Jenkins knows when that is."),
        (7, "“Bakery” is not pressed by itself (H 6 * * 6): only Jenkins knows when that is."),
        (8, "The trigger “pollSCM” is not taken."),
        (9, "What “NOW” is, only Jenkins knows."),
        (9, f"“oven-key” {secret} $KEY_FILE."),
        (17, "The default of PIN is secret, and not taken."),
        (18, f"“bakery-login” {secret} $LOGIN."),
        (20, "list.csv comes as a file whose path is in $LIST_CSV, and does not lie beside the steps."),
        (21, "The default of camelCase only Jenkins knows."),
        (22, "The choices of SHOP only Jenkins knows."),
        (23, "“gitParameter” is no parameter that is known here."),
        (31, "“oven” stood there without quotes, so that a blank in it began a new word; here it is one word."),
        (33, "“git” is a step that only Jenkins has, and left out."),
        (38, "A step of the stage “Side” is left out: only Jenkins knows when “not …” is so."),
        (40, "It asks whether to go on in the middle of a run; here that is asked before it starts."),
        (42, "Stages that went side by side (parallel) go one after the other here."),
        (47, f"A step of the stage “Two” is left out: {python}"),
        (48, "A step of the stage “Two” is left out: what “${env.BUILD_NUMBER}” is, only Jenkins knows."),
        (49, "A step of the stage “Two” is left out: python3 reads it."),
        (50, "“script” is a step that only Jenkins has, and left out."),
        (53, "“post” of a stage is not taken."),
        (56, "“post” of the pipeline is not taken."),
    ]


def test_the_steps_do_what_they_did_there(bakery: World) -> None:
    secrets = {"bakery_login": "me", "oven_key": "k"}
    heat, again, two = bakery.press("bakery", secrets, camelcase="x y", pin="12 34")
    assert heat.argv == ["heat", 'big "one"', "--note", "one\ntwo", "12 34", "only here"]
    assert heat.env["KEY_FILE"] == "k"
    assert again.argv == ["again", "x y", 'hall big "one" $x']
    assert two.argv == ["two", "b c", "me"]
    calls = bakery.press("bakery", secrets, kind="two words", dry=False)
    assert [call.argv for call in calls] == [["one", "two", "words"], ["two", "b c", "me"]]


def test_a_value_is_one_word_whatever_is_in_it(bakery: World) -> None:
    for value in [*TRICKY, "several\nlines"]:
        heat, *_ = bakery.press("bakery", note=value, oven=value.replace("\n", " "))
        assert heat.argv[:4] == ["heat", value.replace("\n", " "), "--note", value]


AROUND = r"""
pipeline {
  parameters { string(name: 'OVEN') }
  stages { stage('x') { steps {
    dir('one') { dir("two") { sh "./act ${params.OVEN}" } }
    withEnv(["A=x ${params.OVEN}", 'B=2']) { timestamps { sh '../act "$A" "$B"'.replace('../', './') } }
    withEnv(['A=1', "B=\$x ${params.OVEN}"]) { sh './one/two/act "$A" "$B"' }
    withCredentials([string(credentialsId: 'oven-key', variable: 'KEY')]) { sh './one/two/act "$KEY"' }
    withCredentials([usernamePassword(credentialsId: 'a', usernameVariable: 'b')]) { sh './act never' }
    script { sh './one/two/act script'; echo 'x' }
    script { def x = 1; sh './act never' }
    retry(3) { sh './one/two/act once' }
    bat 'dir'
    sh './one/two/act last'
  } } }
}
"""


def test_what_stands_around_steps_is_kept(tmp_path: Path) -> None:
    world = World(tmp_path).move("jenkins", AROUND, "Jenkinsfile", "one/two/act")
    calls = world.press("pipeline", {"oven_key": "k e y"}, oven="big one")
    assert [call.argv for call in calls] == [
        ["big one"],
        ["1", "$x big one"],
        ["k e y"],
        ["script"],
        ["once"],
        ["last"],
    ]
    only_jenkins = "is a step that only Jenkins has, and left out."
    assert [(line, what) for line, what in world.left if "secret" not in what and "quotes" not in what] == [
        (6, "What “sh” runs here, only Jenkins knows, and it is left out."),
        (9, f"“withCredentials” {only_jenkins}"),
        (11, f"“script” {only_jenkins}"),
        (12, "“retry” around steps is not taken: they go once, as long as they take."),
        (13, "“bat” is a step for Windows, and left out."),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("some words\n", "It is no Jenkinsfile"),
        (
            "properties([parameters([choice(name: 'A', choices: x())])])\nnode { sh 'x' }",
            "a program in Groovy.*asks for A",
        ),
        ("<?xml version='1.1'?>\n<flow-definition/>", "It is XML"),
        ("pipeline {\n  stages {\n", "2: .*is not closed by “}”"),
        ("pipeline {\n sh 'x\n}", "2: .*the text that begins here is not closed"),
        ("a }", "closes nothing"),
        ("{" * 5000, "too deep"),
    ],
)
def test_what_is_no_declared_pipeline_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        move("jenkins", [Source("Jenkinsfile", text)])


def test_what_the_reader_of_groovy_sees() -> None:
    text = (
        "run('a' + \"b $c.d \\$e ${f(\"x\")}\", list: [1, true, g()], /* , */ h: 'it\\'s \\u0041')\n\n"
        "x = '''a\n'b' ''' .trim()\n"
    )
    (call, assigned) = read_groovy(text).statements
    assert (call.name, call.line) == ("run", 1)
    assert call.value() == Text(("a", "b ", Hole("c.d", 1), " $e ", Hole('f("x")', 1)))
    assert call.value("list") == [1.0, True, COMPUTED]
    assert call.value("h") == Text(("it's A",))
    assert (assigned.line, assigned.assigned, assigned.value()) == (3, True, Text(("a\n'b'",)))


LINES = st.sampled_from(BAKERY.split("\n")) | st.text(st.sampled_from("sh{}()[],:=$\"'\\/ \n"), max_size=12)


@settings(deadline=None, max_examples=150)
@given(st.lists(LINES, max_size=12).map("\n".join), st.lists(LINES, max_size=4).map("\n".join))
def test_any_lines_give_tasks_that_pass_the_check_or_one_sentence(steps: str, more: str) -> None:
    text = f"pipeline {{\n parameters {{\n{more}\n}}\n stages {{ stage('x') {{ steps {{\n{steps}\n}} }} }} }}"
    for one in (text, steps, f"{text}\n{more}"):
        with contextlib.suppress(ConfigError):
            moved = move("jenkins", [Source("Jenkinsfile", one)])
            assert bool(moved.tasks) == bool(moved.text)
