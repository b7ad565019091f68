"""SQLite's files of a run, which the demo keeps open."""

from pathlib import Path

import dagster as dg

from house_prices.cli import open_files


def test_those_of_a_run_stay_open_from_event_to_event_and_are_whole_afterwards(tmp_path: Path) -> None:
    @dg.op
    def look() -> list[str]:
        return sorted(path.name for path in tmp_path.rglob("*.db-wal"))

    @dg.job
    def job() -> None:
        look()

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        run_id = dg.DagsterRun(job_name="job").run_id
        with open_files.kept(instance, run_id):
            result = job.execute_in_process(instance=instance, run_id=run_id)
        assert result.output_for_node("look") == [f"{run_id}.db-wal", "index.db-wal"]
        assert not [*tmp_path.rglob("*.db-wal")]
        assert any(
            record.event_log_entry.is_dagster_event for record in instance.get_records_for_run(run_id).records
        )
