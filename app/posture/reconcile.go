package posture

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/source/github"
	"github.com/kms-review/kms-review/app/store"
)

// reconcile compares everything that an installation covers with what is known: a request for 100 repositories that
// costs nothing while their list is as it was, and one for 100 that tells whether anything in them has changed. Only
// what has is scanned.
func (k *Keeper) reconcile(ctx context.Context, job queue.TaskJob) (queue.Effect, error) {
	began := time.Now()
	r := &reconciling{k: k, job: job}
	if err := r.list(ctx); err != nil {
		return queue.Effect{}, err
	}
	if err := r.look(ctx); err != nil {
		return queue.Effect{}, err
	}
	for _, p := range r.known {
		r.compare(p)
	}
	r.effect.Open = r.newest()
	if err := k.Store.SaveLooks(ctx, r.looks); err != nil {
		return queue.Effect{}, err
	}
	if err := k.Store.SaveReconciled(ctx, job.InstallationID, began); err != nil {
		return queue.Effect{}, err
	}
	summary, err := k.summaryTask(ctx, job.InstallationID)
	if err != nil {
		return queue.Effect{}, err
	}
	if job.Force { // whoever asked sees the box without its tick
		summary = append(summary, queue.Task{Kind: store.Summary, Subject: job.InstallationID, InstallationID: job.InstallationID, Force: true})
	}
	k.Log.InfoContext(ctx, "installation compared", slog.Int64("installation", job.InstallationID),
		slog.Int("repositories", len(r.known)), slog.Int("scans", len(r.effect.Tasks)), slog.Int("pulls", len(r.open)))
	r.effect.Tasks = append(r.effect.Tasks, summary...)
	return r.effect, nil
}

// reconciling is one comparison under way.
type reconciling struct {
	k      *Keeper
	job    queue.TaskJob
	owner  string
	known  []store.Posture // after the list of what there is was saved
	shown  map[string]github.Look
	judged string
	looks  []store.Look
	open   []openPull
	effect queue.Effect
}

// openPull is a pull request that was open before the App came.
type openPull struct {
	created time.Time
	pull    store.Pull
}

// maxOpen is how many of them get a review without anything having happened to them: it takes GitHub's budget some hours.
// The others get theirs with their next push.
const maxOpen = 2000

// newest are the open pull requests in the order of their reviews: somebody may still be at work on the new ones.
func (r *reconciling) newest() (pulls []store.Pull) {
	slices.SortStableFunc(r.open, func(a, b openPull) int { return b.created.Compare(a.created) })
	for _, open := range r.open[:min(len(r.open), maxOpen)] {
		pulls = append(pulls, open.pull)
	}
	return pulls
}

// list saves what there is, and forgets what is no more.
func (r *reconciling) list(ctx context.Context) error {
	st, id := r.k.Store, r.job.InstallationID
	installation, _, err := st.Installation(ctx, id)
	if err != nil {
		return err
	}
	facts, err := r.k.source.Repositories(ctx, r.k.App.Background(id, installation.Account))
	if err != nil {
		return err
	}
	r.owner = installation.Account
	if r.owner == "" && len(facts) > 0 { // the delivery that named it was lost
		r.owner = facts[0].Owner
	}
	repositories := make([]store.Repository, 0, len(facts))
	there := map[int64]bool{}
	for _, f := range facts {
		there[f.RepoID] = true
		repositories = append(repositories, store.Repository{ID: f.RepoID, Owner: f.Owner, Name: f.Name, Private: f.Private})
	}
	before, err := st.Postures(ctx, id)
	if err != nil {
		return err
	}
	var gone []int64
	for _, p := range before {
		if !there[p.RepoID] {
			gone = append(gone, p.RepoID)
		}
	}
	if err := st.SaveInstallation(ctx, id, r.owner, repositories); err != nil {
		return err
	}
	if err := st.RemoveRepositories(ctx, id, gone); err != nil {
		return err
	}
	if err := st.SaveFacts(ctx, id, facts); err != nil {
		return err
	}
	r.known, err = st.Postures(ctx, id)
	return err
}

// look asks what has changed. Of repositories that nobody has scanned before, it asks for open pull requests, too: those
// that are known are left alone, so that an interrupted comparison may be made again.
func (r *reconciling) look(ctx context.Context) error {
	client := r.k.App.Background(r.job.InstallationID, r.owner)
	var fresh, others []string
	for _, p := range r.known {
		if p.State == string(Waiting) || r.job.First {
			fresh = append(fresh, p.NodeID)
		} else {
			others = append(others, p.NodeID)
		}
	}
	r.shown = map[string]github.Look{}
	var org change.SettingsFile
	for _, group := range []struct {
		ids   []string
		pulls bool
	}{{fresh, true}, {others, false}} {
		if len(group.ids) == 0 {
			continue
		}
		looks, settings, err := r.k.source.Look(ctx, client, group.ids, group.pulls)
		if err != nil {
			return err
		}
		for id, look := range looks {
			r.shown[id] = look
		}
		org = settings
	}
	r.judged = r.k.judged(org)
	return r.k.Store.SaveSettings(ctx, r.job.InstallationID, string(org.Text))
}

// compare decides what is to be done about one repository.
func (r *reconciling) compare(p store.Posture) {
	look, shown := r.shown[p.NodeID]
	for _, pull := range look.Pulls {
		if look.Archived || look.Locked { // nothing can be written there
			break
		}
		r.open = append(r.open, openPull{pull.Created, store.Pull{
			RepoID: p.RepoID, Number: pull.Number, InstallationID: r.job.InstallationID, Owner: p.Owner, Name: p.Name,
			DefaultBranch: p.Branch, Private: p.Private, BaseSHA: pull.BaseSHA, HeadSHA: pull.HeadSHA,
		}})
	}
	if state, reason, is := unscannable(look, shown, p, r.job.Force); is {
		p.State, p.Reason, p.Head, p.Commit, p.Scanned = string(state), reason, look.Head, "", time.Time{}
		r.looks = append(r.looks, store.Look{Posture: p, Gone: true})
		return
	}
	if p.State == string(Scanned) && p.Reason == "" && p.Commit == look.Head && p.Judged == r.judged && !expired(p) && !r.job.Force {
		p.Head, p.Scanned = look.Head, time.Now()
		r.looks = append(r.looks, store.Look{Posture: p})
		return
	}
	if p.State != string(Scanned) {
		p.State, p.Reason = string(Waiting), ""
	}
	p.Head = look.Head
	r.looks = append(r.looks, store.Look{Posture: p})
	r.effect.Tasks = append(r.effect.Tasks, queue.Task{Kind: store.Scan, Subject: p.RepoID, InstallationID: r.job.InstallationID, Force: r.job.Force})
}

// expired tells that a waiver which counted has run out since.
func expired(p store.Posture) bool { return !p.Expires.IsZero() && time.Now().After(p.Expires) }

// target finds the repository of the summary issue, which stands in the one with the given id now. ok is false where there
// is none: then why says so, to whoever reads the log. Where the settings name a repository that is not there, because it
// was renamed since or because of a slip, the issue stays.
func target(postures []store.Posture, account, named string, now int64) (p store.Posture, why string, ok bool) {
	find := func(name string) int {
		return slices.IndexFunc(postures, func(p store.Posture) bool {
			return strings.EqualFold(p.Name, name) && strings.EqualFold(p.Owner, account)
		})
	}
	if named != "" {
		i := find(named)
		if i < 0 {
			i = slices.IndexFunc(postures, func(p store.Posture) bool { return p.RepoID == now })
		}
		switch {
		case i < 0:
			return p, fmt.Sprintf("the settings name the repository %q, which the installation does not cover", named), false
		case postures[i].Archived:
			return p, fmt.Sprintf("the repository %q is archived", postures[i].Name), false
		}
		return postures[i], "", true
	}
	for _, name := range []string{".github-private", ".github"} {
		if i := find(name); i >= 0 && postures[i].Private && !postures[i].Archived {
			return postures[i], "", true
		}
	}
	return p, "the installation covers neither .github-private nor a private .github; summary.repository in the account's settings names another one", false
}
