package review_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/app/review"
)

// historyVariable names a directory with a git repository whose history is to be reviewed.
const historyVariable = "KMS_REVIEW_HISTORY"

// BenchmarkHistory reviews each commit of a repository that touches Terraform against its parent, as often as b.N
// says: `KMS_REVIEW_HISTORY=DIR go test ./app/review -run - -bench History -benchtime 2000x`. It fails on any error
// that a commit brings about, and reports the quantiles of CPU time. KMS_REVIEW_HISTORY_MATCHING is a regular expression:
// only commits count that change a line which it matches.
func BenchmarkHistory(b *testing.B) {
	dir := os.Getenv(historyVariable)
	if dir == "" {
		b.Skip(historyVariable + " names no repository")
	}
	commits := history(b, dir)
	var took []time.Duration
	findings := map[string]int{}
	type slow struct {
		commit string
		took   time.Duration
	}
	var slowest []slow
	b.ResetTimer()
	for i := range b.N {
		commit := commits[i%len(commits)]
		before := cpu(b)
		local, err := review.RunLocal(context.Background(), review.LocalOptions{
			Dir: dir, Base: commit + "^", Head: commit, Now: time.Now(), Version: "bench",
		})
		if err != nil && !errors.Is(err, analyzer.ErrNothingReadable) {
			b.Fatalf("%s: %v", commit, err)
		}
		spent := cpu(b) - before
		took = append(took, spent)
		slowest = append(slowest, slow{commit, spent})
		for _, f := range local.Report.Findings {
			findings[f.Rule+" "+string(f.Status)]++
			if f.Status != "existing" && os.Getenv(historyVariable+"_PRINT") != "" {
				b.Logf("%s %s %s %s %s %s:%d suggestion=%t %s", commit, f.Status, f.Rule, f.Severity, f.Address, f.File, f.StartLine, f.Suggestion != nil, f.Message)
			}
		}
		for _, d := range local.Report.Diagnostics[:min(1, len(local.Report.Diagnostics))] {
			findings["diagnostic "+d.Summary]++
			if os.Getenv(historyVariable+"_PRINT") != "" {
				b.Logf("%s %s:%d %s: %s", commit, d.File, d.StartLine, d.Summary, d.Detail)
			}
		}
		if err := local.Close(); err != nil {
			b.Fatalf("%s: close: %v", commit, err)
		}
	}
	slices.Sort(took)
	slices.SortFunc(slowest, func(x, y slow) int { return int(y.took - x.took) })
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
	b.Logf("%d commits; slowest %v; %v", len(took), slowest[:min(3, len(slowest))], findings)
}

// history lists the commits with one parent that touch Terraform, the newest first.
func history(b *testing.B, dir string) []string {
	b.Helper()
	args := []string{"-C", dir, "log", "--format=%H", "--min-parents=1", "--max-parents=1"}
	if matching := os.Getenv(historyVariable + "_MATCHING"); matching != "" {
		args = append(args, "-G"+matching)
	}
	out, err := exec.CommandContext(b.Context(), "git", append(args, "--", "*.tf", "*.tfvars")...).Output()
	if err != nil {
		b.Fatalf("list the commits of %s: %v", dir, err)
	}
	commits := strings.Fields(string(out))
	if len(commits) == 0 {
		b.Fatalf("%s has no commit that touches Terraform", dir)
	}
	return commits
}

// cpu is the processor time of this process and of the git processes that it has ended.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var own, children syscall.Rusage
	if err := errors.Join(syscall.Getrusage(syscall.RUSAGE_SELF, &own), syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children)); err != nil {
		b.Fatal(err)
	}
	return time.Duration(own.Utime.Nano() + own.Stime.Nano() + children.Utime.Nano() + children.Stime.Nano())
}
