; The mini rule base in CLIPS. A rule of the engine adds up, once all others have fired.

(deftemplate context (slot hours_since) (slot panel_size) (slot remote) (slot formality) (slot patience) (slot next_round))
(deftemplate mistake (slot id) (slot kind) (slot x) (slot tag) (slot reaction))
(deftemplate contribution (slot rule) (slot to) (slot beside) (slot dimension) (slot amount))
(deftemplate finding (slot id) (slot kind) (slot severity) (slot noticed) (slot urgency))
(deftemplate recommendation (slot action) (slot for) (slot priority))

(deffunction adds (?rule ?dimension ?amount ?to ?beside)
  (assert (contribution (rule ?rule) (to ?to) (beside ?beside) (dimension ?dimension) (amount ?amount))))

(deffunction recommends (?action ?finding)
  (assert (recommendation (action ?action) (for (fact-slot-value ?finding id))
    (priority (+ (fact-slot-value ?finding severity) (* 2 (fact-slot-value ?finding urgency)))))))

; one mistake, one test
(defrule s01 (mistake (id ?m) (kind lateness) (x ?x&:(>= ?x 5))) => (adds s01 severity 2 ?m none))
(defrule s02 (mistake (id ?m) (kind lateness) (x ?x&:(>= ?x 15))) => (adds s02 severity 3 ?m none))
(defrule s03 (mistake (id ?m) (kind lateness) (x ?x&:(>= ?x 30))) => (adds s03 severity 4 ?m none))
(defrule s04 (mistake (id ?m) (kind wrong_name) (tag interviewer)) => (adds s04 severity 4 ?m none))
(defrule s05 (mistake (id ?m) (kind wrong_name) (tag company)) => (adds s05 severity 5 ?m none))
(defrule s06 (mistake (id ?m) (kind wrong_name) (x ?x&:(>= ?x 2))) => (adds s06 severity 2 ?m none))
(defrule s07 (mistake (id ?m) (kind bad_joke) (tag offensive)) => (adds s07 severity 7 ?m none))
(defrule s08 (mistake (id ?m) (kind bad_joke) (tag mild)) => (adds s08 severity 2 ?m none))
(defrule s09 (mistake (id ?m) (kind unprepared) (x ?x&:(>= ?x 1))) => (adds s09 severity 3 ?m none))
(defrule s10 (mistake (id ?m) (kind unprepared) (x ?x&:(>= ?x 3))) => (adds s10 severity 4 ?m none))
(defrule s11 (mistake (id ?m) (kind interrupting) (x ?x&:(>= ?x 2))) => (adds s11 severity 2 ?m none))
(defrule s12 (mistake (id ?m) (kind interrupting) (x ?x&:(>= ?x 5))) => (adds s12 severity 3 ?m none))
(defrule s13 (mistake (id ?m) (kind phone_rang) (tag answered)) => (adds s13 severity 6 ?m none))
(defrule s14 (mistake (id ?m) (kind phone_rang) (tag silenced)) => (adds s14 severity 1 ?m none))
(defrule s15 (mistake (id ?m) (kind overtalking) (x ?x&:(>= ?x 10))) => (adds s15 severity 2 ?m none))
(defrule s16 (mistake (id ?m) (kind badmouth_employer) (tag named)) => (adds s16 severity 5 ?m none))
(defrule s17 (mistake (id ?m) (kind salary_early) (x ?x&:(< ?x 10))) => (adds s17 severity 3 ?m none))
(defrule s18 (mistake (id ?m) (kind dress_code) (x ?x&:(>= ?x 3))) => (adds s18 severity 2 ?m none))
(defrule s19 (mistake (id ?m) (kind no_questions) (x ?x&:(< ?x 1))) => (adds s19 severity 3 ?m none))
(defrule s20 (mistake (id ?m) (kind factual_error) (tag cv)) => (adds s20 severity 6 ?m none))

; one mistake and the context
(defrule n01 (mistake (id ?m) (kind lateness)) (context (remote 0)) => (adds n01 noticed 3 ?m none))
(defrule n02 (mistake (id ?m) (kind wrong_name)) (context (panel_size ?p&:(>= ?p 2))) => (adds n02 noticed 3 ?m none))
(defrule n03 (mistake (id ?m) (kind bad_joke)) (context (formality ?f&:(>= ?f 3))) => (adds n03 noticed 3 ?m none))
(defrule n04 (mistake (id ?m) (kind interrupting) (x ?x)) (context (patience ?p&:(< ?p ?x))) => (adds n04 noticed 3 ?m none))
(defrule n05 (mistake (id ?m) (kind phone_rang)) (context (remote 0)) => (adds n05 noticed 2 ?m none))
(defrule n06 (mistake (id ?m) (reaction comment)) (context (formality ?f&:(>= ?f 1))) => (adds n06 noticed 3 ?m none))
(defrule u01 (mistake (id ?m) (kind lateness)) (context (hours_since ?h&:(< ?h 24))) => (adds u01 urgency 3 ?m none))
(defrule u02 (mistake (id ?m) (kind wrong_name)) (context (hours_since ?h&:(< ?h 48))) => (adds u02 urgency 2 ?m none))
(defrule u03 (mistake (id ?m) (kind bad_joke)) (context (hours_since ?h&:(< ?h 24))) => (adds u03 urgency 4 ?m none))
(defrule u04 (mistake (id ?m) (kind factual_error)) (context (next_round 1)) => (adds u04 urgency 3 ?m none))
(defrule u05 (mistake (id ?m) (kind badmouth_employer)) (context (hours_since ?h&:(< ?h 72))) => (adds u05 urgency 2 ?m none))
(defrule u06 (mistake (id ?m) (kind salary_early)) (context (next_round 1)) => (adds u06 urgency 1 ?m none))

; two mistakes, the first is charged
(defrule p01 (mistake (id ?m) (kind lateness) (x ?x&:(>= ?x 5))) (mistake (id ?b) (kind unprepared) (x ?y&:(>= ?y 1)))
  => (adds p01 severity 3 ?m ?b))
(defrule p02 (mistake (id ?m) (kind bad_joke) (x ?x&:(>= ?x 1))) (mistake (id ?b) (kind interrupting) (x ?y&:(>= ?y 2)))
  => (adds p02 severity 2 ?m ?b))
(defrule p03 (mistake (id ?m) (kind wrong_name) (x ?x&:(>= ?x 1))) (mistake (id ?b) (kind unprepared) (x ?y&:(>= ?y 1)))
  => (adds p03 severity 2 ?m ?b))
(defrule p04 (mistake (id ?m) (kind overtalking) (x ?x&:(>= ?x 10))) (mistake (id ?b) (kind no_questions) (x ?y&:(< ?y 1)))
  => (adds p04 severity 2 ?m ?b))

(defrule total (declare (salience -10)) (mistake (id ?m) (kind ?k)) =>
  (bind ?severity 0) (bind ?noticed 0) (bind ?urgency 0)
  (do-for-all-facts ((?c contribution)) (eq ?c:to ?m)
    (switch ?c:dimension
      (case severity then (bind ?severity (+ ?severity ?c:amount)))
      (case noticed then (bind ?noticed (+ ?noticed ?c:amount)))
      (case urgency then (bind ?urgency (+ ?urgency ?c:amount)))))
  (assert (finding (id ?m) (kind ?k) (severity ?severity) (noticed ?noticed) (urgency ?urgency))))

; findings
(defrule a01 ?f <- (finding (severity ?s&:(>= ?s 5)) (noticed ?n&:(>= ?n 2))) => (recommends apologise ?f))
(defrule a02 ?f <- (finding (severity ?s&:(>= ?s 8)) (noticed ?n&:(>= ?n 2)) (urgency ?u&:(>= ?u 3))) => (recommends call_today ?f))
(defrule a03 ?f <- (finding (kind wrong_name) (severity ?s&:(>= ?s 4))) => (recommends send_correction ?f))
(defrule a04 ?f <- (finding (kind factual_error) (severity ?s&:(>= ?s 6))) => (recommends correct_record ?f))
(defrule a05 ?f <- (finding (kind unprepared) (severity ?s&:(>= ?s 7))) => (recommends send_material ?f))
(defrule a06 ?f <- (finding (severity ?s&:(>= ?s 1)&:(< ?s 5)) (noticed ?n&:(>= ?n 2))) => (recommends mention_in_thanks ?f))
(defrule a07 (declare (salience -20)) (context) (not (finding (noticed ?n&:(>= ?n 2))))
  => (assert (recommendation (action say_nothing) (for "") (priority 0))))
