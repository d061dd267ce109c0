package review

import (
	"context"
	"errors"
	"fmt"
	"slices"

	gogithub "github.com/google/go-github/v66/github"

	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/command"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/source/github"
	"github.com/kms-review/kms-review/webhook"
)

// organisationRepository is where an organisation keeps what holds for all its repositories.
const organisationRepository = ".github"

// HandleEvent answers what is not the review of one known pull request. It returns the pull requests that must be
// reviewed because of it.
func (r *Reviewer) HandleEvent(ctx context.Context, event webhook.Event, last bool) (queue.Effect, error) {
	client, err := r.client(ctx, event.InstallationID, event.Repo)
	if err != nil {
		return queue.Effect{}, err
	}
	var effect queue.Effect
	switch event.Kind {
	case webhook.Recheck:
		effect.Pulls, err = r.recheck(ctx, client, event)
	case webhook.Rerequested:
		effect.Pulls, err = r.withHead(ctx, client, event, last)
	case webhook.MergeGroup:
		err = r.mergeGroup(ctx, client, event, false, last)
	case webhook.PullClosed:
		effect.Pulls, err = r.sharing(ctx, event)
	case webhook.Push:
		err = r.source.Pushed(ctx, client, repository(event.Repo))
	default:
	}
	return effect, err
}

// recheck shows 👀 to those who may ask, and nothing at all to anybody else.
func (r *Reviewer) recheck(ctx context.Context, client *gh.Client, event webhook.Event) ([]int, error) {
	repo := repository(event.Repo)
	allowed, err := command.Allowed(ctx, client, repo, event.Number, event.Sender)
	if err != nil || !allowed {
		return nil, err
	}
	if err := command.React(ctx, client, repo, event.CommentID, command.Seen); err != nil {
		return nil, err
	}
	return []int{event.Number}, nil
}

// answer tells the comments that asked for a review how it ended, once no further attempt follows: also where the
// pull request is closed, because whoever asked has seen the 👀 and waits.
func (r *Reviewer) answer(ctx context.Context, client *gh.Client, job queue.PullJob, reviewed error) error {
	final := reviewed == nil || job.Last || errors.Is(reviewed, gh.ErrGone)
	if !final || reviewed != nil && queue.Superseded(ctx) {
		return reviewed
	}
	for _, comment := range job.Comments {
		if err := command.Finish(ctx, client, repository(job.Repo), comment, reviewed == nil); err != nil {
			return errors.Join(reviewed, err)
		}
	}
	return reviewed
}

// withHead finds the open pull requests whose head is the commit of a check suite. GitHub lists none from forks
// there, so those that were reviewed before are added from our own books.
// https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit
func (r *Reviewer) withHead(ctx context.Context, client *gh.Client, event webhook.Event, last bool) ([]int, error) {
	var numbers []int
	pulls, _, err := client.REST.PullRequests.ListPullRequestsWithCommit(ctx, event.Repo.Owner, event.Repo.Name, event.HeadSHA,
		&gogithub.ListOptions{PerPage: 100})
	if err != nil {
		return nil, fmt.Errorf("list the pull requests of commit %s: %w", event.HeadSHA, err)
	}
	for _, pull := range pulls {
		if pull.GetState() == "open" && pull.GetHead().GetSHA() == event.HeadSHA && pull.GetBase().GetRepo().GetID() == event.Repo.ID {
			numbers = append(numbers, pull.GetNumber())
		}
	}
	published, err := r.store.Published(ctx, event.Repo.ID, event.HeadSHA)
	if err != nil {
		return nil, fmt.Errorf("look up the pull requests of commit %s: %w", event.HeadSHA, err)
	}
	for _, row := range published {
		if row.Number != 0 {
			numbers = append(numbers, row.Number)
			continue
		}
		event.BaseSHA = row.BaseSHA
		if err := r.mergeGroup(ctx, client, event, true, last); err != nil {
			return nil, err
		}
	}
	return numbers, nil // the queue drops repeated ones
}

// sharing lists the pull requests that have the head of a closed one, whose verdict no longer counts for them.
func (r *Reviewer) sharing(ctx context.Context, event webhook.Event) ([]int, error) {
	numbers, err := r.store.OpenPullsWithHead(ctx, event.Repo.ID, event.HeadSHA)
	if err != nil {
		return nil, fmt.Errorf("look up the pull requests of commit %s: %w", event.HeadSHA, err)
	}
	return slices.DeleteFunc(numbers, func(number int) bool { return number == event.Number }), nil
}

// mergeGroup judges what a merge queue is about to merge. Nothing is said but the check run.
func (r *Reviewer) mergeGroup(ctx context.Context, client *gh.Client, event webhook.Event, force, last bool) error {
	pull := change.Pull{Repo: repository(event.Repo), InstallationID: event.InstallationID, HeadSHA: event.HeadSHA}
	ref := github.Ref{Repo: pull.Repo, InstallationID: event.InstallationID, BaseSHA: event.BaseSHA, HeadSHA: event.HeadSHA}
	err := r.outOfTime(ctx, client, pull, r.review(ctx, client, &pull, ref, wish{force: force}))
	if err != nil && last && !errors.Is(err, gh.ErrGone) {
		err = errors.Join(err, r.giveUp(ctx, client, pull))
	}
	return err
}

// file hands a settings file to its reader.
func file(f change.SettingsFile) *settings.File {
	if f.Text == nil {
		return nil
	}
	return &settings.File{Origin: f.Origin, Text: f.Text}
}
