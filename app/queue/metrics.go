package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kms-review/kms-review/app/store"
)

type metrics struct {
	duplicates prometheus.Counter
	outcomes   *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	wait       *prometheus.HistogramVec
	depth      *depth
}

func newMetrics(st *store.Store) *metrics {
	buckets := []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
	return &metrics{
		duplicates: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kms_review_queue_duplicates_total",
			Help: "Deliveries that were already queued or done.",
		}),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kms_review_job_attempts_total",
			Help: "Attempts at jobs by how they ended.",
		}, []string{"kind", "outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kms_review_job_duration_seconds", Help: "How long an attempt at a job took.", Buckets: buckets,
		}, []string{"kind"}),
		wait: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kms_review_job_wait_seconds", Help: "How long a job that was due waited for a worker.", Buckets: buckets,
		}, []string{"kind"}),
		depth: &depth{store: st, desc: prometheus.NewDesc("kms_review_queue_jobs",
			"Jobs that are not finished.", []string{"queue", "state"}, nil)},
	}
}

func (m *metrics) register(registry prometheus.Registerer) error {
	if registry == nil {
		return nil
	}
	var errs []error
	for _, collector := range []prometheus.Collector{m.duplicates, m.outcomes, m.duration, m.wait, m.depth} {
		errs = append(errs, registry.Register(collector))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("register the queue's metrics: %w", err)
	}
	return nil
}

// depth counts jobs when it is asked: a counter kept in memory would not know those of other replicas.
type depth struct {
	store *store.Store
	desc  *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (d *depth) Describe(descs chan<- *prometheus.Desc) { descs <- d.desc }

// Collect implements prometheus.Collector.
func (d *depth) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	rows, err := d.store.Reads().QueryContext(ctx, `SELECT queue, state, count(*) FROM river_job
		WHERE state IN (`+liveStates+`) GROUP BY queue, state`)
	if err != nil {
		out <- prometheus.NewInvalidMetric(d.desc, fmt.Errorf("count jobs: %w", err))
		return
	}
	defer func() { _ = rows.Close() }() // rows.Err below is the error that counts
	for rows.Next() {
		var queue, state string
		var count float64
		if err := rows.Scan(&queue, &state, &count); err != nil {
			out <- prometheus.NewInvalidMetric(d.desc, fmt.Errorf("count jobs: %w", err))
			return
		}
		out <- prometheus.MustNewConstMetric(d.desc, prometheus.GaugeValue, count, queue, state)
	}
	if err := rows.Err(); err != nil {
		out <- prometheus.NewInvalidMetric(d.desc, fmt.Errorf("count jobs: %w", err))
	}
}
