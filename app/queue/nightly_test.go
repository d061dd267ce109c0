package queue

import (
	"testing"
	"time"

	"github.com/kms-review/kms-review/app/store"
)

func TestDue(t *testing.T) {
	t.Parallel()
	night := time.Date(2026, 11, 3, nightHour, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		id         int64
		suspended  bool
		reconciled time.Time
		now        time.Time
		due        bool
	}{
		"never compared":                  {now: night.Add(12 * time.Hour), due: true},
		"compared last night":             {reconciled: night.Add(time.Minute), now: night.Add(12 * time.Hour)},
		"compared before the night":       {reconciled: night.Add(-time.Hour), now: night.Add(time.Minute), due: true},
		"before its time of the night":    {id: 2, reconciled: night.Add(-20 * time.Hour), now: night.Add(9 * time.Minute)},
		"at its time of the night":        {id: 2, reconciled: night.Add(-20 * time.Hour), now: night.Add(11 * time.Minute), due: true},
		"nobody was running in the night": {reconciled: night.Add(-20 * time.Hour), now: night.Add(23 * time.Hour), due: true},
		"suspended":                       {suspended: true, now: night, due: false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tasks := due([]store.Installation{{ID: test.id, Suspended: test.suspended, Reconciled: test.reconciled}}, test.now)
			if (len(tasks) == 1) != test.due {
				t.Errorf("due: %v, want %t", tasks, test.due)
			}
		})
	}
}

func TestDoorbell(t *testing.T) {
	t.Parallel()
	d := newDoorbell("a", "b")
	for _, queue := range []string{"b", "a", "b"} {
		d.ring(queue)
	}
	for _, want := range []string{`{"queue":"a"}`, `{"queue":"b"}`} {
		got, err := d.WaitForNotification(t.Context())
		if err != nil || got.Payload != want {
			t.Errorf("heard %v, %v, want %s", got, err, want)
		}
	}
	if queue, ok := d.next(); ok {
		t.Errorf("%s rings although it was heard", queue)
	}
}
