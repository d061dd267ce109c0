package posture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	gogithub "github.com/google/go-github/v66/github"

	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/store"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
	// paused is how long after the last digest the next one begins anew: it was switched off meanwhile.
	paused = 4 * week
)

// sumUp posts the weekly digest, where the settings ask for it and anything has changed. That it is said is recorded
// before: one that may have been said is not said again, even if the answer was lost or the process died.
func (w *writing) sumUp(ctx context.Context) error {
	now := time.Now().UTC()
	last := w.issue.Digested
	if w.settings.Digest != settings.DigestWeekly || w.issue.Number == 0 || w.issue.Closed || now.Sub(last) < week {
		return nil
	}
	if err := w.digested(ctx, now); err != nil {
		return err
	}
	if last.IsZero() || now.Sub(last) > paused { // there is nothing to compare with
		return nil
	}
	text, changed := w.weekly(last.Truncate(day), now.Truncate(day))
	if !changed {
		return nil
	}
	_, _, err := w.client.REST.Issues.CreateComment(ctx, w.at.Owner, w.at.Name, w.issue.Number, &gogithub.IssueComment{Body: gogithub.String(text)})
	if err == nil {
		return nil
	}
	if refused(err) {
		err = errors.Join(err, w.digested(ctx, last))
	}
	return fmt.Errorf("comment on it: %w", err)
}

// refused tells that GitHub has certainly not done what was asked.
func refused(err error) bool {
	fate, _ := gh.Classify(err)
	status := gh.Status(err)
	return fate == gh.RetryAt || status >= http.StatusBadRequest && status < http.StatusInternalServerError
}

func (w *writing) digested(ctx context.Context, at time.Time) error {
	return w.k.Store.ChangeSummary(ctx, w.issue.InstallationID, func(i *store.SummaryIssue) { i.Digested = at })
}

// weekly is the text of the digest of whole days: numbers alone, so that nothing from a repository is in it. changed tells
// whether there is anything to say.
func (w *writing) weekly(from, until time.Time) (text string, changed bool) {
	var before, end, now Counts
	came, went := 0, 0
	for _, day := range w.org.History {
		counts := day.Public
		if w.at.Private {
			counts = day.All
		}
		switch {
		case day.Date.Before(from):
			before, end = counts, counts
		case day.Date.Before(until):
			came, went, end = came+counts.New, went+counts.Fixed, counts
		}
		now = counts
	}
	changed = came+went > 0 || [4]int{before.Critical, before.High, before.Medium, before.Low} != [4]int{end.Critical, end.High, end.Medium, end.Low}
	return fmt.Sprintf("From %s to %s: %d new, %d fixed. Open now: %d critical, %d high, %d medium, %d low, in %d scanned of %d repositories.",
		from.Format("2 January"), until.Add(-day).Format("2 January"), came, went, now.Critical, now.High, now.Medium, now.Low,
		now.Scanned, now.Repositories), changed
}
