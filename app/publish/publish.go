// Package publish owns every write to a pull request: the check run, the review with inline comments, and the
// folding away of comments whose finding is gone. It is a reconciler: it compares what the App has said with
// what should be said and writes the difference, so that running it twice, or again after a crash, changes
// nothing more.
package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/render"
	"github.com/kms-review/kms-review/app/store"
)

// Publisher writes reviews. It is safe for concurrent use; two reviews of one pull request at the same time are
// for the queue to prevent.
type Publisher struct {
	store *store.Store
	log   *slog.Logger
}

// New makes a publisher that remembers in the store what it has written.
func New(store *store.Store, log *slog.Logger) *Publisher {
	return &Publisher{store: store, log: log}
}

// Options changes one publication.
type Options struct {
	// Force writes a new check run even if it says what the last one says: a person pressed Re-run or asked for
	// a recheck, and waits for an answer. Comments that stand are not repeated.
	Force bool
	// Quiet makes no comments about what the review found, now and later: the pull request was there before the App.
	Quiet bool
}

// Shared lists the verdicts on other open pull requests with the same head commit, which render.Options wants:
// their check runs are one.
func (p *Publisher) Shared(ctx context.Context, pull change.Pull) ([]render.Result, error) {
	rows, err := p.store.Published(ctx, pull.Repo.ID, pull.HeadSHA)
	if err != nil {
		return nil, fmt.Errorf("read what was published for commit %s: %w", pull.HeadSHA, err)
	}
	var results []render.Result
	for _, row := range rows {
		if row.Number == pull.Number || row.Conclusion == "" {
			continue
		}
		other, found, err := p.store.Pull(ctx, row.RepoID, row.Number)
		if err != nil {
			return nil, fmt.Errorf("look up what shares commit %s: %w", pull.HeadSHA, err)
		}
		if found && (other.Closed || other.HeadSHA != "" && other.HeadSHA != pull.HeadSHA) {
			continue // its verdict must not hold up others for ever
		}
		results = append(results, render.Result{Number: row.Number, Conclusion: render.Conclusion(row.Conclusion), Title: row.Title})
	}
	return results, nil
}

// Publish writes what differs between the conversation and the review: at most one review (more only where GitHub
// refuses a line), one check run and one mutation that folds comments away. The same review of the same head
// writes nothing. A merge group (pull.Number 0) gets a check run only.
//
// The review comes before the check run, so that the check run can list what could not be placed; if the program
// dies in between, the next run finds the comments by their markers and posts no second one. An error is gh's to
// classify; it is gh.ErrGone where the head has moved on.
func (p *Publisher) Publish(ctx context.Context, client *gh.Client, pull change.Pull, conv change.Conversation, review render.Review, opts Options) error {
	if pull.HeadSHA != review.HeadSHA {
		return fmt.Errorf("publish the review of %s for %s#%d, whose head is %s now: %w",
			review.HeadSHA, pull.Repo.FullName(), pull.Number, pull.HeadSHA, gh.ErrGone)
	}
	row, err := p.last(ctx, pull)
	if err != nil {
		return err
	}
	folded, err := p.folded(ctx, pull, conv)
	if err != nil {
		return err
	}
	plan := NewPlan(conv, review, folded)
	if err := p.hush(ctx, pull, &plan, opts.Quiet); err != nil {
		return err
	}
	digest, err := digestOf(review)
	if err != nil {
		return err
	}
	var unplaced []render.Comment
	if row.Digest == digest && !opts.Force {
		if unplaced, err = p.repeat(ctx, client, pull, &plan); err != nil {
			return err
		}
	} else {
		if unplaced, err = p.write(ctx, client, pull, review, &plan, &row); err != nil {
			return err
		}
		row.Digest, row.Conclusion, row.Title = digest, string(review.Own.Conclusion), review.Own.Title
	}
	open := plan.Live + len(plan.Post) - len(unplaced)
	if !review.Complete {
		open = max(open, row.Comments) // the conversation may not have been read
	}
	if err := p.finish(ctx, client, plan, row, open); err != nil {
		return err
	}
	p.log.InfoContext(ctx, "published", "repo", pull.Repo.FullName(), "pull", pull.Number, "head", pull.HeadSHA,
		"conclusion", string(review.Check.Conclusion), "check_run", row.CheckRunID, "posted", len(plan.Post)-len(unplaced),
		"unplaced", len(unplaced), "minimized", len(plan.Minimize))
	return nil
}

// hush takes the comments out of a plan that are not to be made. They stay in the check run.
func (p *Publisher) hush(ctx context.Context, pull change.Pull, plan *Plan, all bool) error {
	if pull.Number == 0 || len(plan.Post) == 0 {
		return nil
	}
	if all {
		var fingerprints []string
		for _, c := range plan.Post {
			fingerprints = append(fingerprints, c.Fingerprint)
		}
		if err := p.store.Quiet(ctx, pull.Repo.ID, pull.Number, fingerprints); err != nil {
			return err
		}
	}
	quieted, err := p.store.Quieted(ctx, pull.Repo.ID, pull.Number)
	plan.Post = slices.DeleteFunc(plan.Post, func(c render.Comment) bool { return quieted[c.Fingerprint] })
	return err
}

// write posts the review and the check run.
func (p *Publisher) write(ctx context.Context, client *gh.Client, pull change.Pull, review render.Review, plan *Plan, row *store.Published) ([]render.Comment, error) {
	var unplaced []render.Comment
	var err error
	if pull.Number != 0 {
		if err = p.announce(ctx, *plan, row); err != nil {
			return nil, err
		}
		if unplaced, err = postReview(ctx, client, pull, plan.Post); err != nil {
			return nil, err
		}
		plan.keep(unplaced)
	}
	started := pending(*row)
	row.CheckRunID, err = writeCheck(ctx, client, pull, review.Check.Unplaced(unplaced), started)
	if err != nil && started != 0 && row.CheckRunID == 0 {
		err = errors.Join(err, p.save(context.WithoutCancel(ctx), *row))
	}
	return unplaced, err
}

// repeat posts of a review that was published on this head what has been folded away since, as a push away from the
// head and back does. What else is missing was refused, or deleted by a person, and stays so.
func (p *Publisher) repeat(ctx context.Context, client *gh.Client, pull change.Pull, plan *Plan) ([]render.Comment, error) {
	var again, gone []render.Comment
	for _, c := range plan.Post {
		if plan.Returned[c.Fingerprint] {
			again = append(again, c)
		} else {
			gone = append(gone, c)
		}
	}
	plan.keep(gone)
	plan.Post = again
	unplaced, err := postReview(ctx, client, pull, again)
	plan.keep(unplaced)
	return unplaced, err
}

// folded tells which of the comments that are folded away the App folded itself.
func (p *Publisher) folded(ctx context.Context, pull change.Pull, conv change.Conversation) (map[string]bool, error) {
	var ids []string
	for _, c := range conv.Comments {
		if c.Minimized && c.Fingerprint != "" {
			ids = append(ids, c.NodeID)
		}
	}
	folded, err := p.store.Folded(ctx, pull.Repo.ID, ids)
	if err != nil {
		return nil, fmt.Errorf("look up what %s#%d has folded away: %w", pull.Repo.FullName(), pull.Number, err)
	}
	return folded, nil
}

// announce remembers that there will be comments before GitHub has them. If this run ends in between, as it does when
// the head moves on, and the next head has no Terraform, nobody would look for them and they would stand for ever.
func (p *Publisher) announce(ctx context.Context, plan Plan, row *store.Published) error {
	if len(plan.Post) == 0 {
		return nil
	}
	row.Comments = max(row.Comments, plan.Live+len(plan.Minimize)+len(plan.Post))
	return p.save(ctx, *row)
}

// finish remembers what was said and folds comments away. What was said is kept first: if folding fails, the
// next run must not write the check run again. Open are the comments of ours that are shown in the end.
func (p *Publisher) finish(ctx context.Context, client *gh.Client, plan Plan, row store.Published, open int) error {
	row.Comments = open + len(plan.Minimize)
	if err := p.save(ctx, row); err != nil || len(plan.Minimize) == 0 {
		return err
	}
	var ids []string
	for _, m := range plan.Minimize {
		ids = append(ids, m.NodeID)
	}
	if err := p.store.SaveFolded(ctx, row.RepoID, ids); err != nil {
		return fmt.Errorf("remember what is folded away: %w", err)
	}
	if err := minimize(ctx, client, plan.Minimize); err != nil {
		return err
	}
	row.Comments = open
	return p.save(ctx, row)
}

// startTime bounds the request that makes a check run in progress, and its entry in the books.
const startTime = 15 * time.Second

// Start creates the check run as "in progress", for reviews that take long; the next Publish for the same head
// completes it. One that a failed attempt has left in progress goes on.
func (p *Publisher) Start(ctx context.Context, client *gh.Client, pull change.Pull) error {
	row, err := p.last(ctx, pull)
	if err != nil || pending(row) != 0 {
		return err
	}
	// A run that GitHub makes and nobody remembers would stay in progress, so news that ends this review waits.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTime)
	defer cancel()
	if row.CheckRunID, err = startCheck(ctx, client, pull); err != nil {
		return err
	}
	row.Digest = ""
	return p.save(ctx, row)
}

// Abandon cancels a check run that is in progress on a head that is no longer the pull request's: nobody would
// complete it.
func (p *Publisher) Abandon(ctx context.Context, client *gh.Client, pull change.Pull) error {
	row, err := p.last(ctx, pull)
	if err != nil || pending(row) == 0 {
		return err
	}
	if err := cancelCheck(ctx, client, pull, row.CheckRunID); err != nil {
		return err
	}
	row.CheckRunID = 0
	return p.save(ctx, row)
}

// pending is the check run that is in progress, 0 for none.
func pending(row store.Published) int64 {
	if row.Digest != "" {
		return 0
	}
	return row.CheckRunID
}

// last is what was published for this pull request and head, or an empty row of its own.
func (p *Publisher) last(ctx context.Context, pull change.Pull) (store.Published, error) {
	rows, err := p.store.Published(ctx, pull.Repo.ID, pull.HeadSHA)
	if err != nil {
		return store.Published{}, fmt.Errorf("read what was published for commit %s: %w", pull.HeadSHA, err)
	}
	last := store.Published{RepoID: pull.Repo.ID, Number: pull.Number, HeadSHA: pull.HeadSHA}
	for _, row := range rows {
		if row.Number == pull.Number {
			last = row
		}
	}
	last.BaseSHA = pull.BaseSHA
	return last, nil
}

func (p *Publisher) save(ctx context.Context, row store.Published) error {
	if err := p.store.SavePublished(ctx, row); err != nil {
		return fmt.Errorf("remember what was published for commit %s: %w", row.HeadSHA, err)
	}
	return nil
}

// digestOf identifies what a review says. Equal digests on one head: nothing to write.
func digestOf(review render.Review) (string, error) {
	raw, err := json.Marshal(review)
	if err != nil {
		return "", fmt.Errorf("digest a review: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}
