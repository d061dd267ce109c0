package posture

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/app/store"
)

// Load puts together how an account stands, from what the store has. It asks nobody else and changes nothing.
func Load(ctx context.Context, st *store.Store, installation store.Installation) (Organisation, error) {
	o := Organisation{Account: installation.Account, Installation: installation.ID, At: time.Now().UTC()}
	postures, err := st.Postures(ctx, installation.ID)
	if err != nil {
		return Organisation{}, err
	}
	findings, err := st.PostureFindings(ctx, installation.ID)
	if err != nil {
		return Organisation{}, err
	}
	for _, p := range postures {
		r, err := repositoryOf(p, findings[p.RepoID])
		if err != nil {
			return Organisation{}, err
		}
		o.Repositories = append(o.Repositories, r)
	}
	days, err := st.PostureDays(ctx, installation.ID)
	if err != nil {
		return Organisation{}, err
	}
	for _, d := range days {
		o.addDay(d)
	}
	return o, nil
}

func repositoryOf(p store.Posture, findings []store.PostureFinding) (Repository, error) {
	r := Repository{
		ID: p.RepoID, Owner: p.Owner, Name: p.Name, Private: p.Private, Archived: p.Archived, Branch: p.Branch,
		State: State(p.State), Reason: p.Reason, Commit: p.Commit, FirstScan: p.FirstScanned, ScannedAt: p.Scanned,
	}
	for _, f := range findings {
		r.add(f)
	}
	if p.Result == nil {
		return r, nil
	}
	var kept result
	if err := json.Unmarshal(p.Result, &kept); err != nil {
		return Repository{}, fmt.Errorf("read what was found in repository %d: %w", p.RepoID, err)
	}
	r.Undecided, r.Unread = kept.Undecided, kept.Unread
	i := kept.Inventory
	r.Keys = Keys{Count: i.Keys, Rotatable: i.Rotatable, Rotated: i.Rotated, OwnPolicy: i.OwnPolicy, MultiRegion: i.MultiRegion}
	r.Consumers = Consumers{OwnKey: i.OwnKey, AWSKey: i.AWSKey, NotEncrypted: i.NotEncrypted, Unknown: i.Unknown}
	return r, nil
}

// add sorts a problem in: it stands, somebody accepted it, or it is gone.
func (r *Repository) add(f store.PostureFinding) {
	severity := finding.Severity(f.Severity)
	switch {
	case !f.Fixed.IsZero():
		if !f.Waived {
			r.Fixed = append(r.Fixed, Fixed{Rule: f.Rule, Name: f.Name, Severity: severity, Address: f.Address, FirstSeen: f.FirstSeen, At: f.Fixed})
		}
	case f.Waived:
		r.Waivers = append(r.Waivers, Waiver{Rule: f.Rule, Name: f.Name, Severity: severity, Address: f.Address, File: f.File,
			Line: f.StartLine, Commit: f.Commit, Reason: f.Reason, Until: f.Until, FirstSeen: f.FirstSeen, PullRequest: f.Pull})
	default:
		r.Findings = append(r.Findings, Finding{Fingerprint: f.Fingerprint, Rule: f.Rule, Name: f.Name, Severity: severity,
			Address: f.Address, File: f.File, StartLine: f.StartLine, EndLine: f.EndLine, Commit: f.Commit, Message: f.Message,
			FirstSeen: f.FirstSeen, PullRequest: f.Pull})
	}
}

// addDay adds the private or the public half of a day. They come in the order of days.
func (o *Organisation) addDay(d store.PostureCounts) {
	if n := len(o.History); n == 0 || !o.History[n-1].Date.Equal(d.Day) {
		o.History = append(o.History, Day{Date: d.Day})
	}
	day := &o.History[len(o.History)-1]
	half := Counts{Repositories: d.Repositories, Scanned: d.Scanned, Clean: d.Clean, Critical: d.Critical, High: d.High,
		Medium: d.Medium, Low: d.Low, Waived: d.Waived, New: d.Came, Fixed: d.Went}
	day.All = day.All.plus(half)
	if !d.Private {
		day.Public = half
	}
}

func (c Counts) plus(other Counts) Counts {
	return Counts{Repositories: c.Repositories + other.Repositories, Scanned: c.Scanned + other.Scanned, Clean: c.Clean + other.Clean,
		Critical: c.Critical + other.Critical, High: c.High + other.High, Medium: c.Medium + other.Medium, Low: c.Low + other.Low,
		Waived: c.Waived + other.Waived, New: c.New + other.New, Fixed: c.Fixed + other.Fixed}
}
