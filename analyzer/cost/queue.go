package cost

import (
	"fmt"
	"strconv"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// defaultReuse is for how many seconds a queue uses a data key again where nothing is said.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
const defaultReuse = 300

// queues compares how often encrypted queues ask KMS for data keys. How much traffic they have no configuration says,
// so there is a ratio and a unit price, and no sum.
func queues(base, head *kms.Snapshot) []Line {
	var lines []Line
	for _, now := range head.OfType("aws_sqs_queue") {
		was := head.Before(base, now)
		if was == nil || !commercial(now) {
			continue
		}
		before, known := reuse(was)
		after, knownNow := reuse(now)
		if !known || !knownNow || before == after {
			continue
		}
		ratio, compared := float64(before)/float64(after), "as many"
		if ratio < 1 {
			ratio, compared = 1/ratio, "fewer"
		}
		lines = append(lines, Line{Resource: now, Change: fmt.Sprintf("`kms_data_key_reuse_period_seconds` is %d instead of %d: "+
			"%s times %s requests to KMS (USD 0.03 for 10,000, beyond the first 20,000 of a month)",
			after, before, strconv.FormatFloat(ratio, 'g', 3, 64), compared)})
	}
	return lines
}

// reuse is for how long a queue that encrypts with a KMS key uses a data key; false where that is not known.
func reuse(queue *terraform.Resource) (seconds int64, known bool) {
	if queue.Attr("kms_master_key_id").IsAbsent() != terraform.False {
		return 0, false
	}
	period := queue.Attr("kms_data_key_reuse_period_seconds")
	if period.Absent() {
		return defaultReuse, true
	}
	seconds, known = period.Int()
	return seconds, known && seconds >= 60 && seconds <= 86400 // what the provider accepts
}
