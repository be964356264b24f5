"""The trampolines as LLVM makes them for x86-64 (System V); written by ``python -m wengert.plain.assemble``."""

# For each kind: where it begins, the places of addresses in its table and which, the bytes in base 85.
CODE: dict[str, tuple[int, list[tuple[int, int]], tuple[str, ...]]] = {
    "get": (
        240,
        [(10, 24), (178, 8), (308, 112), (378, 112)],
        (
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxYCJ3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v()U`YY~>jX@TcNk2Ie-KTD|9&_{G34tE4<A4PN&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
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
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxYCJ3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v()U`YY~>jX@TcNk2Ie-KTD|9&_{G34tE4<A4PN&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
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
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxYCJ3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v()U`YY~>jX@TcNk2Ie-KTD|9&_{G34tE4<A4PN&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
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
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxYCJ3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v()U`YY~>jX@TcNk2Ie-KTD|9&_{G34tE4<A4PN&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
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
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxYCJ3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v()U`YY~>jX@TcNk2Ie-KTD|9&_{G34tE4<A4PN&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
            r"z(|9{2wOp1L0&;$!w(+-NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;iN`U?LI2Q5iR@j&4<A4P",
            r"RY6xlRzX!kR8vTU>=;Oi%SnmWNs0GJiF_moNQKFC21tu*5bFXl?MwmnNXJAZ5I_I`07!-HelA5Z<V=lhBoJn1W@ctC4<Cd800000",
            r"ON%_`Oo{I3wEqA9r~!2}N&m!5IpuZeNVt(yQbk8jMOR3RK#)j_d?W}=iT+H9@<@r<NQ1-}TR~hwT|r(!UtRy;NQ-<V2<RgJ|NlsZ",
            r"z;r@MiN#30kyKJeM@~goNQuWxiT+H9@<@r<|5flvgMFX?bPP<1?@5Wo|5X4?iQq_uz;q5sJ4N7i3P_2^|5X6%gE7EJgTxqHL0myy",
            r"L0&;$UBd",
        ),
    ),
    "tuple": (
        240,
        [(10, 24), (178, 8), (259, 112), (331, 112), (392, 112)],
        (
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxYCJ3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v()U`YY~>jX@TcNk2Ie-KTD|9&_{G34tE4<A4PN&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
            r"z(|9{2wOp1L0&;$!w(+-NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;iN`U?LI2Q5iR@j&4<A4P",
            r"RY6xlRzX!kR8vq$iStQ`{z$lyR8mDpPDNKti*67|i)aW)0rg171SCKJ002#e?S3XjG2}^!=MNu%00000N{f8u08EMg=)?a1|EK|V",
            r"ElK~xO*!Rt=SjSgR8mDpPDNKqi$o-lOo{hMiQY(q#0XnKTtQtyUO``7|KLoC_vkwR|NlsZz;r}OiN{EZ$4H6ZG15uAkyKJeM@~go",
            r"LH|@F_(_9&B%lCv4NQsuNr}fn{}d!liTFr`z;qBvJ47Vlbqh#|$3g!TB<qwhz(|9{2wOp1L0v&!L0?_N",
        ),
    ),
    "both": (
        240,
        [(10, 24), (178, 8), (267, 112), (352, 112), (418, 112)],
        (
            r"L03UmK~z&vNVz#wQbk8jMOR3RM+iteK@bmwe*gdgNIO9oba_ZSK_GN<NQv`EJ3%OP97sDsFmxYCJ3$C^T1bmANQuY)Q9y;j50${{",
            r"P)v()U`YY~>jX@TcNk2Ie-KTD|9&_{G34tE4<A4PN&m!6Ip=gINQ(nVg}{CvNdL%4i33ZEJmyG+|8(I<iQedG|NsA}0d&={0qX)W",
            r"z(|9{2wOp1L0&;$!w(+-NVzFgQbk8jMOR3R0Z4;+2mo{^RY-~DOp8HSNQvP{jdAcuiS$T`dGNXc0000;iN`U?LI2Q5iR@j&4<A4P",
            r"RY6xlRzX!kR8vTU>=;Rj*GY-?NQrzT2uQe*R8mDpPDNKpi*681i)aW*0rg17L?jSE0000;h3$SVG22XyWF!z~W@ctC4<Cd800000",
            r"NsD~l08EMI=(GO+|EK|VF-ZTzNIBhg=SYiuBnU{okyKJeM@~goNQ*^~Oo{ePiTX%`#28yaTtQtyUO``7|KLcAd?W}-iT&sy|Ns9;",
            r"g}`(|Nr}WriN{Qd_DqTTNWGC%Qbk8jMOXh-_(+3&pa66XOo``6iNpU@07!}0NQJ<35lA~l;B^g1iO2s{08EMR>yk0RNQ1-}TR~hw",
            r"T|r(!UtPl",
        ),
    ),
}
