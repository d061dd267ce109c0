package posture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/source/github"
	"github.com/kms-review/kms-review/app/store"
)

// scan looks at a default branch: one request for what it is, and where that has changed one for the list of its files
// and one for each 100 that are new.
func (k *Keeper) scan(ctx context.Context, job queue.TaskJob) (queue.Effect, error) {
	p, found, err := k.Store.Posture(ctx, job.Subject)
	if err != nil || !found {
		return queue.Effect{}, err
	}
	s := &scanning{k: k, p: p, force: job.Force, now: time.Now()}
	err = s.run(ctx)
	if err != nil && job.Last && !gone(err) && ctx.Err() == nil {
		err = errors.Join(err, s.failed(ctx))
	}
	if err != nil {
		return queue.Effect{}, fmt.Errorf("scan %s/%s: %w", p.Owner, p.Name, err)
	}
	tasks, err := k.summaryTask(ctx, p.InstallationID)
	return queue.Effect{Tasks: append(tasks, s.tasks...)}, err
}

// scanning is one scan under way.
type scanning struct {
	k     *Keeper
	p     store.Posture
	force bool
	now   time.Time
	tasks []queue.Task
}

// run looks, and scans where anything has changed.
func (s *scanning) run(ctx context.Context) error {
	client := s.k.App.Background(s.p.InstallationID, s.p.Owner)
	look, shown, org, err := s.k.source.LookAt(ctx, client, s.p.NodeID)
	if err != nil {
		return err
	}
	if shown {
		if err := s.k.Store.SaveFacts(ctx, s.p.InstallationID, []store.Facts{facts(s.p.RepoID, look)}); err != nil {
			return err
		}
		s.p.Facts = facts(s.p.RepoID, look)
	}
	if look.Name == organisationRepository { // its file is the account's
		org, look.Settings = look.Settings, change.SettingsFile{}
	}
	if err := s.settingsChanged(ctx, org); err != nil {
		return err
	}
	state, reason, is := unscannable(look, shown, s.p, s.force)
	s.p.Head = look.Head
	if is {
		return s.nothing(ctx, state, reason)
	}
	judged := s.k.judged(org)
	if s.p.State == string(Scanned) && s.p.Reason == "" && s.p.Commit == look.Head && s.p.Judged == judged && !expired(s.p) && !s.force {
		s.p.Scanned = s.now
		return s.k.Store.SaveLooks(ctx, []store.Look{{Posture: s.p}})
	}
	same := s.p.Judged == judged && !expired(s.p) && !s.force
	s.p.Judged = judged
	set, problems := settings.Load(file(org), file(look.Settings))
	return s.branch(ctx, client, look, set, problems, digest(judged, string(look.Settings.Text)), same)
}

// organisationRepository is where an account keeps what holds for all its repositories.
const organisationRepository = ".github"

// settingsChanged has everything compared anew where the account's settings are not those that were known.
func (s *scanning) settingsChanged(ctx context.Context, org change.SettingsFile) error {
	installation, found, err := s.k.Store.Installation(ctx, s.p.InstallationID)
	if err != nil || !found || installation.Settings == string(org.Text) {
		return err
	}
	s.tasks = append(s.tasks, queue.Task{Kind: store.Reconcile, Subject: s.p.InstallationID, InstallationID: s.p.InstallationID})
	return s.k.Store.SaveSettings(ctx, s.p.InstallationID, string(org.Text))
}

// nothing records that there is nothing to scan.
func (s *scanning) nothing(ctx context.Context, state State, reason string) error {
	s.p.State, s.p.Reason, s.p.Commit, s.p.Scanned = string(state), reason, "", time.Time{}
	return s.k.Store.SaveLooks(ctx, []store.Look{{Posture: s.p, Gone: true}})
}

// failed records that a scan could not be made. What an earlier one found stays, with its commit.
func (s *scanning) failed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second) // the task's own time may be over
	defer cancel()
	s.p.Reason = "GitHub or this App failed repeatedly while it was read."
	if s.p.Commit == "" {
		s.p.State = string(Failed)
	}
	return s.k.Store.SaveLooks(ctx, []store.Look{{Posture: s.p}})
}

// branch reads the commit that a look has seen, and judges what differs from the last scan.
func (s *scanning) branch(ctx context.Context, client *gh.Client, look github.Look, set settings.Settings, problems []finding.Diagnostic, judged string, same bool) error {
	before, err := s.parts(ctx, judged, same)
	if err != nil {
		return err
	}
	repo := change.Repo{ID: s.p.RepoID, Owner: s.p.Owner, Name: s.p.Name, DefaultBranch: s.p.Branch, Private: s.p.Private}
	for {
		known := make([]github.Known, 0, len(before))
		for _, part := range before {
			known = append(known, github.Known{Dirs: part.Dirs, Files: part.Files, Lists: part.Lists})
		}
		read, err := s.k.source.Branch(ctx, client, repo, look.Head, set, known)
		if err != nil {
			return err
		}
		if read.Excess != "" {
			return s.nothing(ctx, TooLarge, read.Excess)
		}
		all, again, err := s.judge(ctx, set, read, before)
		if err != nil {
			return err
		}
		if again { // what one part says holds for all, and those of before were judged without
			before = nil
			continue
		}
		s.p.Tree, s.p.Commit = read.Tree, look.Head
		return s.save(ctx, client, repo, all, problems, judged, read.Cut)
	}
}

// parts are those of the last scan, if they were judged as they would be now.
func (s *scanning) parts(ctx context.Context, judged string, same bool) ([]part, error) {
	if !same {
		return nil, nil
	}
	stored, err := s.k.Store.Parts(ctx, s.p.RepoID)
	if err != nil {
		return nil, err
	}
	parts := make([]part, 0, len(stored))
	for _, row := range stored {
		var p part
		if err := json.Unmarshal(row.Content, &p); err != nil || row.Digest != judged {
			return nil, nil //nolint:nilerr // what cannot be used is judged anew
		}
		p.Name = row.Part
		parts = append(parts, p)
	}
	return parts, nil
}

// judge gives all parts with their results. again says that the kept ones must be judged anew, because the account's
// default for volumes, which holds for all, is set in a part or no longer is.
func (s *scanning) judge(ctx context.Context, set settings.Settings, read github.Branch, before []part) (all []part, again bool, err error) {
	was := slices.ContainsFunc(before, func(p part) bool { return p.Default })
	is := slices.ContainsFunc(read.Kept, func(i int) bool { return before[i].Default }) ||
		slices.ContainsFunc(read.Parts, func(p github.Part) bool { return setsDefault(p.Tree) })
	if len(read.Kept) > 0 && was != is {
		return nil, true, nil
	}
	set.Options.EBSEncryptedByDefault = set.Options.EBSEncryptedByDefault || is
	for _, i := range read.Kept {
		all = append(all, before[i])
	}
	for _, p := range read.Parts {
		judged, err := s.judgePart(ctx, set, p)
		if err != nil {
			return nil, false, err
		}
		all = append(all, judged)
	}
	slices.SortFunc(all, func(a, b part) int { return strings.Compare(a.Name, b.Name) })
	return all, false, nil
}

// result is what a scan found besides findings, for all parts together. It is stored as JSON.
type result struct {
	Undecided []Undecided          `json:"undecided"`
	Unread    []finding.Diagnostic `json:"unread"`
	Inventory analyzer.Inventory   `json:"inventory"`
}

// maxUnread bounds the diagnostics that are kept of one repository.
const maxUnread = 200

// save puts the parts together and records them.
func (s *scanning) save(ctx context.Context, client *gh.Client, repo change.Repo, all []part, problems []finding.Diagnostic, judged string, cut bool) error {
	sum := result{Unread: problems}
	if cut {
		sum.Unread = append(sum.Unread, finding.Diagnostic{Severity: "warning", Summary: "GitHub lists 100,000 files of a repository, and this one has more"})
	}
	undecided := map[string]int{}
	findings := map[string]store.PostureFinding{}
	var rows []store.Part
	for _, p := range all {
		row, err := p.row(judged)
		if err != nil {
			return fmt.Errorf("keep what was found in %q: %w", p.Name, err)
		}
		rows = append(rows, row)
		for rule, n := range p.Undecided {
			undecided[rule] += n
		}
		for _, f := range p.Findings {
			if _, twice := findings[f.Fingerprint]; !twice { // the instances of one resource that are judged apart are one problem
				findings[f.Fingerprint] = f
			}
		}
		sum.Unread = append(sum.Unread, p.Unread...)
		sum.Inventory = sum.Inventory.Plus(p.Inventory)
	}
	sum.Unread = sum.Unread[:min(len(sum.Unread), maxUnread)]
	for _, rule := range slices.Sorted(maps.Keys(undecided)) {
		sum.Undecided = append(sum.Undecided, Undecided{Rule: rule, Count: undecided[rule]})
	}
	found := make([]store.PostureFinding, 0, len(findings))
	for _, fingerprint := range slices.Sorted(maps.Keys(findings)) {
		found = append(found, findings[fingerprint])
	}
	var err error
	if s.p.Result, err = json.Marshal(sum); err != nil {
		return fmt.Errorf("keep what was found: %w", err)
	}
	if err := s.introduced(ctx, client, repo, found); err != nil {
		return err
	}
	s.p.State, s.p.Reason, s.p.Scanned, s.p.Terraform, s.p.Expires = string(Scanned), "", s.now, true, time.Time{}
	if len(all) == 0 {
		s.p.Terraform = false
		return s.nothing(ctx, NoTerraform, "")
	}
	for _, f := range found {
		if end := f.Until.Add(24 * time.Hour); f.Waived && !f.Until.IsZero() && (s.p.Expires.IsZero() || end.Before(s.p.Expires)) {
			s.p.Expires = end
		}
	}
	s.k.Log.InfoContext(ctx, "scanned", slog.String("repo", repo.FullName()), slog.String("commit", s.p.Commit),
		slog.Int("parts", len(all)), slog.Int("findings", len(found)), slog.Duration("took", time.Since(s.now)))
	return s.k.Store.SaveScan(ctx, s.p, found, rows)
}

// introduced finds the pull request of findings that came since the last scan. It costs a request where there are any.
func (s *scanning) introduced(ctx context.Context, client *gh.Client, repo change.Repo, found []store.PostureFinding) error {
	if s.p.FirstScanned.IsZero() {
		return nil // they were there before anybody looked
	}
	known, err := s.k.Store.FindingsOf(ctx, s.p.RepoID)
	if err != nil {
		return err
	}
	stands := map[string]bool{}
	for _, f := range known {
		stands[f.Fingerprint] = f.Fixed.IsZero()
	}
	var came []int
	for i, f := range found {
		if !stands[f.Fingerprint] {
			came = append(came, i)
		}
	}
	if len(came) == 0 {
		return nil
	}
	pull, err := s.k.source.Introduced(ctx, client, repo, s.p.Commit)
	if err != nil {
		return err
	}
	for _, i := range came {
		found[i].Pull = pull
	}
	return nil
}
