"""The trampolines as LLVM makes them for x86-64 (System V); written by ``python -m wengert.plain.assemble``."""

# For each kind: where it begins, the places of addresses in its table and which, the bytes in base 85.
CODE: dict[str, tuple[int, list[tuple[int, int]], tuple[str, ...]]] = {
    "get": (
        240,
        [(10, 24), (178, 8), (308, 112), (378, 112)],
        (
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxP9J3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v<?80!Q~i+31Ii+>PJh5vp#MKR>-4-X%J00000N&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
            r"z(|9{2wOp1L0&;$!w(+-NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;iN`U?LI2Q5iR@j&4<A4P",
            r"L03UmK~z&ngX|bciStQ`{z!>@BnU`}bR-Z+#{?um0000;iRMU&-{|80|Np1~bXH7>_vnWI|NlsZz;tR!iN{I2kyKJeM@~goNR4zP",
            r"2)Y6Q002md$1%x4|5POKNrQYOpa66YOo{(ViN`_z6eLWE_(+AobT3IeL?qyKDoBaPLH`saNVt(yQbk8jMOR3RK#)v{_ehD}NQ1-}",
            r"TR~hwUO`{~;4#2RgTxqHL0myzL0`i",
        ),
    ),
    "set": (
        240,
        [(10, 24), (178, 8), (353, 112), (447, 112)],
        (
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxP9J3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v<?80!Q~i+31Ii+>PJh5vp#MKR>-4-X%J00000N&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
            r"z(|9{2wOp1L0&;$!w(+-NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;iN`U?LI2Q5iR@j&4<A4P",
            r"RY6xlRzX!kR8vTU>?lZy(@BZ;Ns0eRiF_mwNQrbL7)Xg!Bp^tI(hr250000;$3!FuKmY&$NR4zP2uz9h=*#~9|EK|V5lD@6BnU`}",
            r"-{`vj|Np1~baPCJ|L9)-|Np)J|Ns9;g}`)BNr}Wsy^&N>MMq9WS4fR?BoMj-0000;iN`U?LH||oOo{19iN#2X$Vh{Epa66WOo``7",
            r"iNya9Oo`x4h3#|@Op9RPOo{LR5HamdIpuT_iReg!#3)-qTtQtyUO``7!$`Q1R8mDpPDNKpi$IV}iT_NA_DG4^NQ1;ETR~hwT|r(!",
            r"UtRy;",
        ),
    ),
    "one": (
        240,
        [(10, 24), (178, 8), (306, 112), (376, 112)],
        (
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxP9J3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v<?80!Q~i+31Ii+>PJh5vp#MKR>-4-X%J00000N&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
            r"z(|9{2wOp1L0&;$!w(+-NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;iN`U?LI2Q5iR@j&4<A4P",
            r"L03UmK~z&ngX|bciStQ`{z!>*BnU{yL?jSE0000;jdUasNQvL*<o^Hvr~!0VOo{jCi2wipNQJ<3YDtO5NxYF%Qbk8jMOR3TbR-D6",
            r"0RR91NQuWW$wB{AB=AXtd?cU%bPY_2|4E6*LH`saOo{kNg}`(#NjpR&;B_iUiN`_z6eLKvkyKJeM@~goNQ*#_Oo{hMiQY(q#28ya",
            r"TtQwzU;p4Sz(|9{7+XPHL0&;$!v",
        ),
    ),
    "fast": (
        240,
        [(10, 24), (178, 8), (314, 112), (368, 112)],
        (
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxP9J3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v<?80!Q~i+31Ii+>PJh5vp#MKR>-4-X%J00000N&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
            r"z(|9{2wOp1L0&;$!w(+-NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;iN`U?LI2Q5iR@j&4<A4P",
            r"L03UmK~+IiQ%HmC5J-vBNs0DJiT_B)L?j460000;h0=Z`MKSG6jbtPU4<A4PON%`2Oo`^`)c*hfr~!2@N&m%6IqP-kNVt(yQbk8j",
            r"MOR3RK#)v{|4fPYNQv4=gTxS9L0myyL0&;$|KLoC|L98p|NlsZz;r}OiNs00kyKJeM@~goNQuWxiS|f|+A+yN|5flwgMFX?bPY_2",
            r"=ShjgLH|_%Oo`w~g}`(VNjpX0bqh#|$3g#90PBe{z(|9{5L-c9L0v&!L0`i",
        ),
    ),
    "named": (
        240,
        [(10, 24), (178, 8), (346, 112), (408, 112)],
        (
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxP9J3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v<?80!Q~i+31Ii+>PJh5vp#MKR>-4-X%J00000N&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
            r"z(|9{2wOp1L0&;$!w(+-NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;iN`U?LI2Q5iR@j&4<A4P",
            r"RY6xlRzX!kR8vTU>=;Oi%SnmWNs0GJiF_moNQKFC21tu*5bFXl?MwmnNXJAZ5I_I`07!-HelA5Z<V=lhBoJn1W@ctC4<Cd800000",
            r"ON%_`Oo{I3wEqA9r~!2}N&m!5IpuZeNVt(yQbk8jMOR3RK#)j_d?W}=iT+H9@<@r<NQ1-}TR~hwT|r(!UtRy;NQ-<V2<RgJ|NlsZ",
            r"z;r@MiN#30kyKJeM@~goNQuWxiT+H9@<@r<|5flvgMFX?bPP<1?@5Wo|5X4?iQq_uz;q5sJ4N7i3P_2^|5X6%gE7EJgTxqHL0myy",
            r"L0&;$UBd",
        ),
    ),
    "tuple": (
        240,
        [(10, 24), (178, 8), (315, 112), (366, 112)],
        (
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxP9J3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v<?80!Q~i+31Ii+>PJh5vp#MKR>-4-X%J00000N&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
            r"z(|9{2wOp1L0&;$!w(+-NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;iN`U?LI2Q5iR@j&4<A4P",
            r"L03UmK~+IiQ%HmC5J-vhNs0bUi)Ii=$3!FuKmY&$O@-usBt<dpOpSab2oE0sN{f8!7)*)&=+plH|EK|VD@p&wO*!m!=SaAbR8mDp",
            r"PDNKpi$IV}iT6l}-bjPQ5L-c9L0v&!L0|viOo{jCO#lD?NQJ<3L`jLqNxYF%Qbk8jMOR3P$4H6ZG15W*R3!LGgM1{Q0CWvZiT_E7",
            r"$3g!TBut6;NQJ<35J@{kB;a)mNQuWm{}d$aj4{ASgTxS9L0myyL0&;$!v",
        ),
    ),
    "both": (
        240,
        [(10, 24), (178, 8), (315, 112), (370, 112)],
        (
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxP9J3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v<?80!Q~i+31Ii+>PJh5vp#MKR>-4-X%J00000N&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
            r"z(|9{2wOp1L0&;$!w(+-NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;iN`U?LI2Q5iR@j&4<A4P",
            r"RY6xlRzX!kR8vq$iPK4m_DPBVOp9(1NXG;uKmY&$O@-}#Br)wtiR5MvA4C8ENsD~$7)*)g=+plH|EK|VFG&BzNjdFx=SaAbR8mDp",
            r"PDNKpi$IV}iT_NA_DG4^NQ1-(TR~hwT|r(!UtRy;Oo{*KNdN!;NQJ<3LP?3lNxhL&Qbk8jMOR3P$4rU#NQv4(|5f-&gMFX?bPY_2",
            r"=ShjgLH|_%Oo`w~g}`(VNjpX0bqh#|$3g#90PBh|z(|9{2wOp1L0v&!L0?_N",
        ),
    ),
}
