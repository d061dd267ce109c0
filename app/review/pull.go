package review

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/publish"
	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/render"
	"github.com/kms-review/kms-review/app/source/github"
	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/webhook"
)

// Reviewer is the App's pipeline: it implements queue.Handler.
type Reviewer struct {
	app       *gh.App
	source    *github.Source
	publisher *publish.Publisher
	store     *store.Store
	version   string
	log       *slog.Logger
	bound     time.Duration // of one analysis
	analyses  chan struct{} // under way: a large change takes up to a gigabyte, and processors do not become more
}

// NewReviewer wires the pipeline.
func NewReviewer(app *gh.App, st *store.Store, version string, log *slog.Logger) *Reviewer {
	return &Reviewer{
		app: app, source: github.New(st, log), publisher: publish.New(st, log), store: st, version: version, log: log,
		bound: analysisTime, analyses: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
	}
}

// HandlePull reviews a pull request as it is now and answers the comments that asked for it.
func (r *Reviewer) HandlePull(ctx context.Context, job queue.PullJob) error {
	if job.Waits {
		ctx = gh.CanWait(ctx)
	}
	client, err := r.client(ctx, job.InstallationID, job.Repo)
	if err != nil {
		return err
	}
	pull := change.Pull{Repo: repository(job.Repo), InstallationID: job.InstallationID, Number: job.Number, HeadSHA: job.HeadSHA}
	err = r.review(ctx, client, &pull, github.Ref{
		Repo: pull.Repo, InstallationID: job.InstallationID, Number: job.Number, BaseSHA: job.BaseSHA, HeadSHA: job.HeadSHA,
		Unsure: job.Unsure,
	}, wish{force: job.Force, quiet: job.Quiet})
	err = r.outOfTime(ctx, client, pull, err)
	if err != nil && job.Last && !errors.Is(err, gh.ErrGone) && !queue.Superseded(ctx) {
		err = errors.Join(err, r.giveUp(ctx, client, pull))
	}
	if err != nil && queue.Superseded(ctx) {
		err = errors.Join(err, r.abandon(ctx, client, pull))
	}
	return r.answer(ctx, client, job, err)
}

// review reads, judges and publishes. Where a changed module may have callers that nobody has looked for yet, that is
// done afterwards, so that the first verdict does not wait for it, and the review is made once more. It fills pull with
// what it learns, so that a failure can be shown there.
func (r *Reviewer) review(ctx context.Context, client *gh.Client, pull *change.Pull, ref github.Ref, w wish) error {
	unmapped, err := r.once(ctx, client, pull, ref, w, w.force)
	if err != nil || !unmapped {
		return err
	}
	if err := r.source.MapCalls(ctx, client, pull.Repo); err != nil { // the verdict stands, and says what it lacks
		r.log.WarnContext(ctx, "callers not looked for", slog.Any("error", err), slog.Int("pull", pull.Number))
		return nil
	}
	_, err = r.once(ctx, client, pull, ref, w, false)
	return err
}

// wish is what is wanted of a review besides the ordinary.
type wish struct {
	force bool // what would be passed over is reviewed
	quiet bool // no comments
}

// once is one review. repeat says it even if it was said before.
func (r *Reviewer) once(ctx context.Context, client *gh.Client, pull *change.Pull, ref github.Ref, w wish, repeat bool) (unmapped bool, err error) {
	started := time.Now()
	fetched, err := r.source.Fetch(ctx, client, ref)
	if err != nil {
		return false, err
	}
	*pull = fetched.Pull
	set, problems := settings.Load(file(fetched.Conversation.OrgSettings), file(fetched.Conversation.RepoSettings))
	if pull.Draft && set.Drafts == settings.DraftsSkip && !w.force {
		return false, nil
	}
	report, err := r.judge(ctx, client, fetched, set, started)
	if err != nil {
		return false, err
	}
	report.Diagnostics = append(problems, report.Diagnostics...)
	addRemarks(&report, fetched.Change.Remarks)
	shared, err := r.publisher.Shared(ctx, *pull)
	if err != nil {
		return false, err
	}
	rendered := render.PullRequest(report, *pull, fetched.Change, set, render.Options{WebURL: r.app.WebURL(), Shared: shared})
	err = r.publisher.Publish(ctx, client, *pull, fetched.Conversation, rendered, publish.Options{Force: repeat, Quiet: w.quiet})
	return fetched.Unmapped, err
}

// giveUp says on the pull request that there will be no review, so that a required check does not wait forever.
func (r *Reviewer) giveUp(ctx context.Context, client *gh.Client, pull change.Pull) error {
	if pull.HeadSHA == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute) // the job's own time may be over
	defer cancel()
	problem := render.Problem(pull, render.TimedOut, "The review could not be completed",
		"GitHub or this App failed repeatedly while the pull request was read. Nothing was judged.")
	return r.publisher.Publish(ctx, client, pull, change.Conversation{}, problem, publish.Options{Force: true})
}

// abandon ends the check run of a head that nobody will review to its end any more.
func (r *Reviewer) abandon(ctx context.Context, client *gh.Client, pull change.Pull) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second) // the newer head waits for this
	defer cancel()
	return r.publisher.Abandon(ctx, client, pull)
}

// client speaks for an installation, with a token for the repository and the owner's .github if it is covered. Where
// that is not known (the installation is older than the database), it is tried: the organisation's settings must not
// be lost silently.
func (r *Reviewer) client(ctx context.Context, installation int64, repo webhook.RepoRef) (*gh.Client, error) {
	repos := []string{repo.Name}
	has, known, err := r.store.HasRepository(ctx, installation, organisationRepository)
	if err != nil {
		return nil, fmt.Errorf("look up the repositories of installation %d: %w", installation, err)
	}
	if (has || !known) && repo.Name != organisationRepository {
		repos = append(repos, organisationRepository)
	}
	return r.app.Installation(installation, repo.Owner, repos...), nil
}

func repository(ref webhook.RepoRef) change.Repo {
	return change.Repo{ID: ref.ID, Owner: ref.Owner, Name: ref.Name, DefaultBranch: ref.DefaultBranch, Private: ref.Private}
}
