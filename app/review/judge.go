package review

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/publish"
	"github.com/kms-review/kms-review/app/render"
	"github.com/kms-review/kms-review/app/source/github"
)

const (
	// progressAfter is how long a review may take before the pull request shows that it is under way. Most are done
	// sooner, and a check run that only spins costs a request.
	progressAfter = 3 * time.Second
	// analysisTime bounds the analyzer, which asks nobody and needs less than a second for what people write. A change
	// that takes longer would take as long the next time.
	analysisTime = 90 * time.Second
)

// errTooLong says that the analyzer used up its time.
var errTooLong = errors.New("the analysis took too long")

// judge runs the analyzer, and shows that the review is under way if it takes long.
func (r *Reviewer) judge(ctx context.Context, client *gh.Client, fetched github.Fetched, set settings.Settings, started time.Time) (analyzer.Report, error) {
	if fetched.Irrelevant {
		return analyzer.Report{}, nil
	}
	select {
	case r.analyses <- struct{}{}:
	case <-ctx.Done():
		return analyzer.Report{}, ctx.Err()
	}
	analysis, cancel := context.WithTimeoutCause(ctx, r.bound, errTooLong)
	defer cancel() // ends the analysis if showing progress fails
	done := Analyze(analysis, Input(fetched.Change, set, started.UTC(), r.version), func() { <-r.analyses })
	timer := time.NewTimer(progressAfter - time.Since(started))
	defer timer.Stop()
	for {
		select {
		case result := <-done:
			if analysis.Err() != nil {
				return analyzer.Report{}, context.Cause(analysis)
			}
			return readable(result.Report, result.Err)
		case <-analysis.Done(): // without waiting for the analyzer: a parser looks at no context
			return analyzer.Report{}, context.Cause(analysis)
		case <-timer.C:
			if err := r.publisher.Start(ctx, client, fetched.Pull); err != nil {
				return analyzer.Report{}, err
			}
		}
	}
}

// Outcome is what the analyzer returned.
type Outcome struct {
	Report analyzer.Report
	Err    error
}

// Analyze runs the analyzer on a goroutine of its own, because a parser looks at no context: who waits may leave. ended
// is called when it has really ended, which is when its memory is free.
func Analyze(ctx context.Context, in analyzer.Input, ended func()) <-chan Outcome {
	done := make(chan Outcome, 1)
	go func() {
		defer ended()
		var result Outcome
		defer func() {
			if value := recover(); value != nil { // here it would end the process, and with it every other review
				result.Err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
			}
			done <- result
		}()
		result.Report, result.Err = analyzer.Analyze(ctx, in)
	}()
	return done
}

// readable makes a result of what a person can mend: files that are all broken are no failure of ours.
func readable(report analyzer.Report, err error) (analyzer.Report, error) {
	if err != nil && !errors.Is(err, analyzer.ErrNothingReadable) {
		return report, fmt.Errorf("analyze: %w", err)
	}
	return report, nil
}

// outOfTime says on the pull request that the analysis took too long: that is a result, since it would take as long
// again. Other errors are returned as they are.
func (r *Reviewer) outOfTime(ctx context.Context, client *gh.Client, pull change.Pull, err error) error {
	if !errors.Is(err, errTooLong) {
		return err
	}
	r.log.ErrorContext(ctx, "analysis took too long", "repo", pull.Repo.FullName(), "pull", pull.Number, "head", pull.HeadSHA)
	problem := render.Problem(pull, render.TimedOut, "The analysis took too long",
		"The Terraform files of this change could not be evaluated in time. Nothing was judged.")
	return r.publisher.Publish(ctx, client, pull, change.Conversation{}, problem, publish.Options{Force: true})
}
