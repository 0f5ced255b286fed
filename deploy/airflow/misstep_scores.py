"""An Airflow DAG: every hour, add the interviews that are new to a result, and write the report anew.

A task that is run again, by hand or after a failure, adds nothing twice: `misstep score --append` goes on where it was. Its exit
code 1 says that some records were rejected, which is no failure of the task; more than 100 of them are.

    python misstep_scores.py '{"logs": "logs", "scores": "scores.parquet", "report": "report.html"}'

runs it once, without a scheduler.
"""

from datetime import datetime, timedelta

from airflow.sdk import dag, task


@dag(
    schedule="@hourly",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,  # a second one would only say that the first is at it
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    params={"logs": "/data/logs", "scores": "/data/scores.parquet", "report": "/data/report.html"},
)
def misstep_scores():
    @task.bash
    def score() -> str:
        return (
            "misstep score '{{ params.logs }}' -o '{{ params.scores }}' --append --keep team --max-rejects 100 --progress json"
            " || [ $? -eq 1 ]"
        )

    @task.bash
    def report() -> str:
        return "misstep report '{{ params.scores }}' -o '{{ params.report }}' --overwrite"

    score() >> report()


scores = misstep_scores()

if __name__ == "__main__":
    import json
    import sys

    scores.test(run_conf=json.loads(sys.argv[1]))
