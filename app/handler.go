package app

import (
	"context"

	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/posture"
	"github.com/kms-review/kms-review/app/posture/report"
	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/review"
	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/webhook"
)

// handler gives the queue's work to the two who do it: reviews of changes, and looks at default branches.
type handler struct {
	*review.Reviewer
	keeper *posture.Keeper
}

func newHandler(identity *gh.App, st *store.Store, options Options) handler {
	return handler{
		Reviewer: review.NewReviewer(identity, st, options.Version, options.Log),
		keeper: posture.New(posture.Config{
			App: identity, Store: st, Version: options.Version, Log: options.Log,
			Settle: options.SummarySettle, Every: options.SummaryEvery,
			Issue: posture.Issue{Title: report.IssueTitle, Marker: report.Marker, Body: report.Issue, Requested: report.ScanRequested,
				Moved: report.Moved, HasMoved: report.HasMoved},
		}),
	}
}

// HandleEvent implements queue.Handler. A push concerns both.
func (h handler) HandleEvent(ctx context.Context, event webhook.Event, last bool) (queue.Effect, error) {
	switch event.Kind {
	case webhook.Repository, webhook.Issue, webhook.Rescan:
		return h.keeper.HandleEvent(ctx, event)
	case webhook.Push:
		if _, err := h.Reviewer.HandleEvent(ctx, event, last); err != nil {
			return queue.Effect{}, err
		}
		return h.keeper.HandleEvent(ctx, event)
	default:
		return h.Reviewer.HandleEvent(ctx, event, last)
	}
}

// HandleTask implements queue.Handler.
func (h handler) HandleTask(ctx context.Context, job queue.TaskJob) (queue.Effect, error) {
	return h.keeper.HandleTask(ctx, job)
}
