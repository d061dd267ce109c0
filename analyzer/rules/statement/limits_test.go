package statement

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// TestLimitsOfEachPolicy shows that policies of their own are all judged, however many keys there are, and a shared one for
// a few of its keys.
func TestLimitsOfEachPolicy(t *testing.T) {
	t.Parallel()
	const keys = maxSharing + 5
	var own, shared strings.Builder
	shared.WriteString("data \"aws_iam_policy_document\" \"all\" {\n  version = \"2012-10-18\"\n}\n")
	for n := range keys {
		fmt.Fprintf(&own, "resource \"aws_kms_key\" \"k%d\" {\n  policy = jsonencode({ Version = \"2012-10-18\", Statement = [] })\n}\n", n)
		fmt.Fprintf(&shared, "resource \"aws_kms_key\" \"k%d\" {\n  policy = data.aws_iam_policy_document.all.json\n}\n", n)
	}
	for text, want := range map[string]int{own.String(): keys, shared.String(): maxSharing} {
		config, err := terraform.Load(context.Background(), fstest.MapFS{"main.tf": {Data: []byte(text)}}, []string{"."}, terraform.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if problems, _ := rule.Run(PolicyLimits, rule.Given{Head: kms.Build(config)}); len(problems) != want {
			t.Errorf("%d problems, want %d:\n%.200s", len(problems), want, text)
		}
	}
}

// TestOverlapOfLongPatterns shows where the comparison of two patterns gives up.
func TestOverlapOfLongPatterns(t *testing.T) {
	t.Parallel()
	long, longer := strings.Repeat("a", maxPattern), strings.Repeat("a", maxPattern+1)
	for _, c := range []struct {
		a, b string
		want bool
	}{{long, "a*", true}, {"a*", long, true}, {longer, "a*", false}, {"a*", longer, false}} {
		if got := overlap(c.a, c.b); got != c.want {
			t.Errorf("of %d and %d characters: %t, want %t", len(c.a), len(c.b), got, c.want)
		}
	}
}
