package report

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/app/posture"
)

// now is a Wednesday.
func now() time.Time { return time.Date(2026, 11, 18, 9, 30, 0, 0, time.UTC) }

// acme is a small account in which everything occurs once.
func acme() posture.Organisation {
	const sha = "7f3c1d9be02a4b5c6d7e8f901234567890abcdef"
	at := now()
	platform := posture.Repository{
		ID: 1, Owner: "acme", Name: "platform", Private: true, Branch: "main", State: posture.Scanned, Commit: sha, ScannedAt: at.Add(-3 * time.Hour),
		Findings: []posture.Finding{
			{Fingerprint: "a1", Rule: "KMS101", Name: "rotation-disabled", Severity: finding.High, Address: "aws_kms_key.main", File: "kms/main.tf",
				StartLine: 3, EndLine: 3, Commit: sha, Message: "`aws_kms_key.main` has rotation off. One leaked key then opens everything since it was made.",
				FirstSeen: at.AddDate(0, -3, 0), PullRequest: 12},
			{Fingerprint: "a2", Rule: "KMS201", Name: "public-key-policy", Severity: finding.Critical, Address: "aws_kms_key.shared", File: "kms/shared.tf",
				StartLine: 8, EndLine: 21, Commit: sha, Message: "The policy of `aws_kms_key.shared` allows everyone. Whoever knows its ARN may decrypt.",
				FirstSeen: at.AddDate(0, 0, -3)},
		},
		Fixed: []posture.Fixed{
			{Rule: "KMS502", Name: "encryption-off", Severity: finding.High, Address: "aws_ebs_volume.data", FirstSeen: at.AddDate(0, -1, 0), At: at.AddDate(0, 0, -2)},
			{Rule: "KMS101", Name: "rotation-disabled", Severity: finding.High, Address: "aws_kms_key.old", FirstSeen: at.AddDate(0, -2, 0), At: at.AddDate(0, 0, -20)},
		},
		Undecided: []posture.Undecided{{Rule: "KMS101", Count: 2}},
		Unread:    []finding.Diagnostic{{Severity: "error", File: "broken.tf", StartLine: 4, Summary: "Unclosed configuration block"}},
		Waivers: []posture.Waiver{
			{Rule: "KMS210", Name: "confused-deputy", Severity: finding.Medium, Address: "aws_kms_key.logs", File: "logs.tf", Line: 9, Commit: sha,
				Reason: "the log service is ours alone", Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), FirstSeen: at.AddDate(0, -4, 0)},
			{Rule: "KMS216", Name: "no-explicit-policy", Severity: finding.Low, Address: "aws_kms_key.dev", File: "dev.tf", Line: 1, Commit: sha,
				Reason: "a sandbox", FirstSeen: at.AddDate(0, -4, 0)},
		},
		Keys:      posture.Keys{Count: 5, Rotatable: 4, Rotated: 3, OwnPolicy: 2, MultiRegion: 1},
		Consumers: posture.Consumers{OwnKey: 20, AWSKey: 10, NotEncrypted: 2, Unknown: 1},
	}
	website := posture.Repository{ID: 2, Owner: "acme", Name: "website", Branch: "main", State: posture.Scanned, Commit: sha, ScannedAt: at.AddDate(0, 0, -4),
		Reason: "GitHub answered 502 three times", Keys: posture.Keys{Count: 1, Rotatable: 1, Rotated: 1}}
	return posture.Organisation{
		Account: "acme", Installation: 41, At: at, Version: "v1.4.0",
		Repositories: []posture.Repository{
			website, platform,
			{ID: 3, Owner: "acme", Name: "docs", State: posture.NoTerraform, ScannedAt: at},
			{ID: 4, Owner: "acme", Name: "old", State: posture.Archived, Archived: true},
			{ID: 5, Owner: "acme", Name: "new", State: posture.Empty},
			{ID: 6, Owner: "acme", Name: "next", State: posture.Waiting},
			{ID: 7, Owner: "acme", Name: "huge", State: posture.TooLarge, Reason: "20,431 Terraform files; the limit is 20,000"},
			{ID: 8, Owner: "acme", Name: "secret", State: posture.NoAccess, Private: true},
		},
		History: []posture.Day{
			{Date: time.Date(2026, 10, 28, 0, 0, 0, 0, time.UTC), All: posture.Counts{Repositories: 8, Scanned: 2, High: 3, Low: 1, New: 4}, Public: posture.Counts{Scanned: 1}},
			{Date: time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC), All: posture.Counts{Repositories: 8, Scanned: 2, High: 2, Fixed: 1}, Public: posture.Counts{Scanned: 1}},
			{Date: time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC), All: posture.Counts{Repositories: 8, Scanned: 2, Clean: 1, Critical: 1, High: 1, Waived: 2, New: 1, Fixed: 1}, Public: posture.Counts{Scanned: 1, Clean: 1}},
		},
	}
}

// large is a generated account: 1,000 repositories, 300 of them with Terraform, and half a year of history.
func large() posture.Organisation {
	random := rand.New(rand.NewPCG(1, 2))
	o := posture.Organisation{Account: "initech", Installation: 7, At: now(), Version: "v1.4.0"}
	all := rules.Default()
	for i := range 1000 {
		r := posture.Repository{ID: int64(i), Owner: "initech", Name: fmt.Sprintf("%s-%s-%03d", pick(random, "billing", "data", "edge", "identity", "platform"),
			pick(random, "api", "infrastructure", "pipeline", "service", "terraform-modules"), i), Private: i%5 != 0, Branch: "main"}
		switch {
		case i < 300:
			terraform(random, &r, all)
		case i < 900:
			r.State, r.ScannedAt = posture.NoTerraform, now()
		case i < 970:
			r.State, r.Archived = posture.Archived, true
		case i < 985:
			r.State = posture.Empty
		case i < 992:
			r.State = posture.Waiting
		default:
			r.State, r.Reason = posture.Failed, "GitHub answered 502 to the listing of its files"
		}
		o.Repositories = append(o.Repositories, r)
	}
	o.History = halfYear(random)
	return o
}

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

// terraform fills in a scanned repository: most have few findings, some many.
func terraform(random *rand.Rand, r *posture.Repository, all []rule.Rule) {
	r.State, r.ScannedAt, r.Commit = posture.Scanned, now().Add(-time.Duration(random.IntN(20))*time.Hour), fmt.Sprintf("%040x", r.ID*7919+1)
	r.Keys = posture.Keys{Count: random.IntN(12), MultiRegion: random.IntN(2)}
	r.Keys.Rotatable = r.Keys.Count * 4 / 5
	r.Keys.Rotated, r.Keys.OwnPolicy = r.Keys.Rotatable*random.IntN(100)/100, r.Keys.Count/2
	r.Consumers = posture.Consumers{OwnKey: random.IntN(60), AWSKey: random.IntN(30), NotEncrypted: random.IntN(4), Unknown: random.IntN(8)}
	for range random.IntN(4) * random.IntN(4) {
		found := pick(random, all...)
		if found.Hazard {
			continue
		}
		address := fmt.Sprintf("module.%s.aws_kms_key.%s", pick(random, "storage", "database", "queues", "secrets"), pick(random, "this", "main", "primary", "logs"))
		file := fmt.Sprintf("environments/%s/%s.tf", pick(random, "production", "staging", "development"), pick(random, "kms", "main", "storage"))
		line := 1 + random.IntN(400)
		seen := now().Add(-time.Duration(random.IntN(180*24)) * time.Hour)
		if random.IntN(12) == 0 {
			r.Waivers = append(r.Waivers, posture.Waiver{Rule: found.ID, Name: found.Name, Severity: found.Severity, Address: address, File: file, Line: line,
				Commit: r.Commit, Reason: "accepted until the migration is over", Until: now().AddDate(0, 0, random.IntN(200)-20), FirstSeen: seen})
			continue
		}
		r.Findings = append(r.Findings, posture.Finding{Fingerprint: finding.Fingerprint(found.ID, ".", address, "", fmt.Sprint(line)), Rule: found.ID, Name: found.Name,
			Severity: found.Severity, Address: address, File: file, StartLine: line, EndLine: line + random.IntN(5), Commit: r.Commit,
			Message: "`" + address + "` is not as it should be. What follows from it is told here in a sentence.", FirstSeen: seen, PullRequest: random.IntN(3) * random.IntN(400)})
		if random.IntN(6) == 0 {
			r.Fixed = append(r.Fixed, posture.Fixed{Rule: found.ID, Name: found.Name, Severity: found.Severity, Address: address, FirstSeen: seen, At: now().Add(-time.Duration(random.IntN(30*24)) * time.Hour)})
		}
	}
	if random.IntN(30) == 0 {
		r.Unread = append(r.Unread, finding.Diagnostic{Severity: "error", File: "modules/legacy/main.tf", StartLine: 17, Summary: "Unclosed configuration block"})
	}
	r.Undecided = []posture.Undecided{{Rule: "KMS502", Count: random.IntN(5)}}
}

// halfYear is a history in which it gets better.
func halfYear(random *rand.Rand) []posture.Day {
	var days []posture.Day
	for d := 180; d >= 0; d-- {
		c := posture.Counts{Repositories: 1000, Scanned: 300, Clean: 120 + (180-d)/3, Critical: 20 + d/4, High: 150 + d, Medium: 200 + d/2, Low: 90, Waived: 30,
			New: random.IntN(6), Fixed: random.IntN(8)}
		days = append(days, posture.Day{Date: now().Truncate(day).AddDate(0, 0, -d), All: c, Public: posture.Counts{Repositories: 200, Scanned: 60, Clean: 40, High: 30 + d/5}})
	}
	return days
}
