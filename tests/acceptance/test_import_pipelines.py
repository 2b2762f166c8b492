"""Workflows, pipelines and playbooks become tasks that do what they did where they come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.imported import HOSTILE, Imported

WORKFLOW = r"""
on:
  workflow_dispatch:
    inputs:
      oven: {description: Which}
      dry-run: {type: boolean, default: true}
  schedule: [{cron: '15 3 * * 1-5'}]
env: {SHOP: "north ${{ inputs.oven }}"}
jobs:
  heat:
    steps:
      - uses: actions/checkout@v4
      - run: |
          heat ${{ inputs.oven }} "a ${{ inputs.oven }}" 'b ${{ inputs.oven }}' ${{ inputs.dry-run && '--dry' || '' }}
          heat "$SHOP" "$(echo '${{ inputs.oven }}')"
      - if: ${{ !inputs.dry-run }}
        run: heat in earnest
      - run: ssh host "heat ${{ inputs.oven }}"
"""
PIPELINE = r"""
pipeline {
  triggers { cron('H 4 * * *') }
  parameters {
    string(name: 'oven', defaultValue: 'big')
    text(name: 'NOTE')
    password(name: 'PIN')
    choice(name: 'KIND', choices: ['rye', 'two words'])
  }
  stages {
    stage('Heat') { steps {
      sh "heat ${params.oven} 'b ${params.NOTE}' \"\$PIN\""
      sh 'heat "$oven" "$NOTE"'
    } }
    stage('Only') {
      when { expression { params.KIND == 'two words' } }
      steps { sh 'heat "$KIND"' }
    }
  }
}
"""
PLAYBOOK = r"""
- hosts: ovens
  vars: {trays: 4}  # how many go in
  vars_prompt:
    - {name: oven, prompt: Oven, private: false}
    - {name: code, prompt: Code}
"""


async def test_steps_of_a_workflow_do_what_they_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Imported(tmp_path, monkeypatch, "github", {".github/workflows/heat.yml": WORKFLOW}, ["heat", "ssh"])
    assert "# schedule: 15 3 * * 1-5" in moved.moved.text
    assert "stands in the text of a program that ssh reads" in moved.told(
        WORKFLOW[: WORKFLOW.index("ssh host")].count("\n") + 1
    )
    async with moved.app() as app:
        for value in HOSTILE:
            first, second = await moved.press(app, "heat", oven=value)
            assert first.argv == ["heat", value, f"a {value}", f"b {value}", "--dry"]
            assert second.argv[:2] == ["heat", f"north {value}"]
            assert first.cwd == str(tmp_path)
        calls = await moved.press(app, "heat", oven="x", dry_run=False)
        assert [call.argv[1:] for call in calls] == [["x", "a x", "b x"], ["north x", "x"], ["in", "earnest"]]


async def test_steps_of_a_pipeline_do_what_they_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Imported(tmp_path, monkeypatch, "jenkins", {"Jenkinsfile": PIPELINE}, ["heat"])
    assert "# schedule: H 4 * * *" in moved.moved.text
    async with moved.app() as app:
        for value in HOSTILE:
            note = f"{value}\nand {value}"
            first, second = await moved.press(app, "pipeline", oven=value, note=note, pin=value)
            assert first.argv == ["heat", value, f"b {note}", value]
            assert second.argv == ["heat", value, note]
        *_, last = await moved.press(app, "pipeline", kind="two words")
        assert last.argv == ["heat", "two words"]


async def test_a_playbook_finds_its_variables_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = Imported(tmp_path, monkeypatch, "ansible-vars", {"heat.yml": PLAYBOOK}, ["ansible-playbook"])
    async with moved.app() as app:
        for value in HOSTILE:
            (call,) = await moved.press(app, "heat", oven=value, code=value)
            assert call.argv[:2] == ["ansible-playbook", "heat.yml"]
            assert [json.loads(text) for text in call.argv[3::2]] == [
                {"oven": "{{ lookup('env', 'OVEN') }}"},
                {"code": "{{ lookup('env', 'CODE') }}"},
                {"trays": "{{ lookup('env', 'TRAYS') | int }}"},
            ]
            assert [call.env[name] for name in ("OVEN", "CODE", "TRAYS")] == [value, value, "4"]
