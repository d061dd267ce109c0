package posture

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/source/github"
	"github.com/kms-review/kms-review/app/store"
)

// Config is what a Keeper needs.
type Config struct {
	App     *gh.App
	Store   *store.Store
	Issue   Issue
	Version string // of the rules: another one judges everything anew
	Log     *slog.Logger

	// The summary issue is written at the earliest Settle after something has changed, so that what happens together is
	// written together, and at most once in Every. 0: 15 s and 5 minutes.
	Settle, Every time.Duration
}

// Issue renders the summary issue.
type Issue struct {
	Title     string
	Marker    func(installation int64) string // by which an issue is known again
	Body      func(o Organisation, publicOnly bool) string
	Requested func(body string) bool                     // somebody ticked the box that asks for a scan
	Moved     func(installation int64, to string) string // what is left where the issue was; to is an address, or ""
	HasMoved  func(body string) bool                     // Moved wrote it
}

// Keeper looks at default branches, keeps how they stand, and writes the summary issue. It does the queue's tasks and
// answers the events that are no pull request's. Safe for concurrent use.
type Keeper struct {
	Config
	source   *github.Source
	bound    time.Duration // of one analysis
	analyses chan struct{} // under way: reviews need the processors, and a large part takes much memory
}

// analysisTime bounds the analysis of one part. One that takes longer would take as long the next time.
const analysisTime = 90 * time.Second

// New makes a keeper.
func New(config Config) *Keeper {
	config.Settle = cmp.Or(config.Settle, 15*time.Second)
	config.Every = cmp.Or(config.Every, 5*time.Minute)
	return &Keeper{
		Config: config, source: github.New(config.Store, config.Log), bound: analysisTime,
		analyses: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
	}
}

// HandleTask does a task as things are now.
func (k *Keeper) HandleTask(ctx context.Context, job queue.TaskJob) (queue.Effect, error) {
	switch job.Kind {
	case store.Installations:
		return k.installations(ctx)
	case store.Reconcile:
		return k.reconcile(ctx, job)
	case store.Scan:
		return k.scan(ctx, job)
	case store.Summary:
		return k.summary(ctx, job)
	}
	return queue.Effect{}, fmt.Errorf("no task is called %q", job.Kind)
}

// summaryTask asks for the summary issue to be written, not too often.
func (k *Keeper) summaryTask(ctx context.Context, installation int64) ([]queue.Task, error) {
	issue, _, err := k.Store.SummaryIssue(ctx, installation)
	if err != nil {
		return nil, err
	}
	after := k.Settle
	if !issue.Written.IsZero() && len(issue.Comments) == 0 {
		after = max(after, time.Until(issue.Written.Add(k.Every)))
	}
	return []queue.Task{{Kind: store.Summary, Subject: installation, InstallationID: installation, After: after}}, nil
}

// judged names what findings depend on besides the files of a repository: the rules, and the account's settings.
func (k *Keeper) judged(org change.SettingsFile) string {
	return digest("2", k.Version, string(org.Text))
}

// digest is a short name of texts.
func digest(texts ...string) string {
	hash := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(hash, "%d %s", len(text), text)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// file hands a settings file to its reader.
func file(f change.SettingsFile) *settings.File {
	if f.Text == nil {
		return nil
	}
	return &settings.File{Origin: f.Origin, Text: f.Text}
}

// unscannable says why there is nothing to scan in what a look at a repository has seen. GitHub counts no JSON, no examples
// and no documentation among a repository's languages, so that its list of files says at the first scan, and when somebody
// asks for one, whether there is Terraform in it. After that, the languages and the pushes do.
func unscannable(look github.Look, shown bool, p store.Posture, force bool) (state State, reason string, is bool) {
	switch {
	case !shown:
		return NoAccess, "GitHub does not show it.", true
	case look.Locked:
		return NoAccess, "GitHub has disabled it.", true
	case look.Archived:
		return Archived, "", true
	case look.Head == "":
		return Empty, "", true
	case p.State == string(NoTerraform) && !force && (look.Head == p.Head || !look.HCL && !p.Terraform):
		return NoTerraform, "", true
	}
	return "", "", false
}

// facts are what a look has seen of a repository that is known by its id.
func facts(repoID int64, look github.Look) store.Facts {
	return store.Facts{RepoID: repoID, NodeID: look.NodeID, Owner: look.Owner, Name: look.Name, Private: look.Private,
		Archived: look.Archived, Branch: look.Branch}
}

// gone tells that an error says that there is nothing left to do.
func gone(err error) bool { return errors.Is(err, gh.ErrGone) }
