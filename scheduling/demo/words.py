"""What practice and lab write to each other in the demo."""

# Reason, what the lab notes, and what the practice answers with its update.
MISSING = [
    ("no_cbct", "Only the surface scans have arrived.", "CBCT is uploaded now, sorry."),
    (
        "wrong_field",
        "The CBCT ends above the sites to be planned.",
        "New CBCT with the whole arch is uploaded.",
    ),
    ("no_opposing", "We have the arch and the bite.", "Opposing arch is here."),
    ("no_bite", "Both arches are here and fit together nowhere.", "Bite scan added."),
    (
        "patient_moved",
        "All contours are double around the sites.",
        "Taken again with the head held still.",
    ),
    (
        "teeth_together",
        "The arches cannot be told apart where they touch.",
        "Scanned again on cotton rolls.",
    ),
]

# By the step after which it was written: lines of the practice (">") and of the lab ("<").
THREADS = {
    "received": [
        ["> Is the quality of the CBCT good enough? There is an old amalgam next to the site.",
         "< Yes, the scatter stays away from the site. We go on with it."],
        ["< Thank you, all files have arrived. The scans match the CBCT well."],
        ["> Surgery had to be moved a week earlier. Is that possible?",
         "< It is. Please book one of the first planning sessions, and we ship overnight.",
         "> Great, thank you!"],
    ],
    "missing": [
        ["< Please see the list on the case. iTero or MeditLink are fine too.",
         "> The patient comes in on Thursday, we will scan then."],
        ["> I am sure that we sent it with the first files?",
         "< It did not come through whole. Could you upload it once more?"],
    ],
    "ready": [
        ["< Plan proposal is prepared. Two options for the angle, let us look at them together."],
        ["> Can my associate join the session too?",
         "< Of course. Forward the link to whoever should be there."],
    ],
    "missed": [
        ["< We waited for 20 minutes. Please choose another time, nothing of the plan is lost.",
         "> An emergency came in, I am sorry. We will book again."],
    ],
    "held": [
        ["< Approved as discussed: 1 mm deeper, 3° to the palatal side. The report is in the box."],
    ],
    "hold": [
        ["> Patient wants to wait until the insurance has answered.",
         "< No problem, the plan is kept. Write here when it should go on."],
    ],
    "thanks": [
        ["> Guide seated perfectly, surgery took 25 minutes. Thank you!"],
        ["> Arrived today, fits well.", "< Good to hear. We wish you a calm surgery."],
    ],
}  # fmt: skip

CHANGED_MIND = "Please without metal sleeve after all, my kit has its own. Photo added."
HOLD_NOTES = ["On hold until the graft has healed, as agreed.", "Waiting for the insurance."]
CANCEL_NOTES = ["The patient chose a bridge instead.", "Sent twice; the other case goes on."]
LETTER = [
    "Referral",
    "",
    "Thank you for seeing this patient of ours for implant planning.",
    "Non-smoker, no relevant medication, no allergies known.",
    "Perio status is stable, last recall without findings.",
    "",
    "With kind regards",
]
